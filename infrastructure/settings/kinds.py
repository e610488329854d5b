"""Kinds of settings: what a value has to be, in words and as a rule."""

from __future__ import annotations

from typing import Any

from msgspec import Meta


def meta(should: str, description: str, *, secret: bool = False, **constraints: Any) -> Meta:
    """`should` completes the sentence "it should be …"."""
    return Meta(description=description, extra={"should": should, "secret": secret}, **constraints)


def port(description: str) -> Meta:
    return meta("a port from 1 to 65535", description, ge=1, le=65535)


def count(description: str, most: int, least: int = 1) -> Meta:
    return meta(f"a number from {least} to {most}", description, ge=least, le=most)


def quota(description: str) -> Meta:
    return meta("a number, or 0 for no limit", description, ge=0, le=1_000_000_000)


def flag(description: str) -> Meta:
    return meta("true or false", description)
