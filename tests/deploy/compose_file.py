"""docker-compose.yml as Compose reads it: variables put in, merge keys resolved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from infrastructure.settings import ROOT

PATH = ROOT / "docker-compose.yml"
EXAMPLE = ROOT / ".env.example"
SECRETS = {
    "LODGER_SECRET_KEY": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "LODGER_OPERATOR_TOKEN": "a0b1c2d3e4f5061728394a5b6c7d8e9f",
    "DATABASE_PASSWORD": "f9e8d7c6b5a4039281706f5e4d3c2b1a",
    "DATABASE_OWNER_PASSWORD": "1a2b3c4d5e6f708192a3b4c5d6e7f809",
}
PRODUCTION = SECRETS | {
    "LODGER_PUBLIC_URL": "https://lodger.example",
    "LODGER_SMTP_URL": "smtps://mail.example:465",
    "LODGER_MAIL_FROM": "stays@lodger.example",
}

_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


class Missing(Exception):
    """Compose stops: a variable that has to be set is not."""


def interpolated(node: Any, env: Mapping[str, str]) -> Any:
    """A part of the file with `${NAME}`, `${NAME:-default}` and `${NAME:?message}` replaced in its values, as Compose
    does it: after reading the YAML, so that nothing given is YAML. Raises Missing."""

    def value(found: re.Match[str]) -> str:
        given = env.get(found["name"], "")
        if not given and found["kind"] == "?":
            raise Missing(found["name"])
        return given or (found["rest"] if found["kind"] == "-" else "") or ""

    match node:
        case dict():
            return {name: interpolated(each, env) for name, each in node.items()}
        case list():
            return [interpolated(each, env) for each in node]
        case str():
            return _VARIABLE.sub(value, node)
        case _:
            return node


def compose(env: Mapping[str, str] = PRODUCTION) -> dict[str, Any]:
    """The whole document."""
    document: dict[str, Any] = interpolated(yaml.safe_load(PATH.read_text()), env)
    return document


def ours(env: Mapping[str, str] = PRODUCTION) -> dict[str, dict[str, Any]]:
    """The services that run Lodger's own image, by the command they run."""
    services = compose(env)["services"].values()
    return {" ".join(service["command"]): service for service in services if "build" in service}


def dotenv(text: str) -> dict[str, str]:
    """The assignments of a .env file; comments are left out."""
    lines = [line.strip() for line in text.splitlines()]
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
