"""Tests that pass and leave something in a log: run by `test_log_search` alone."""

from __future__ import annotations

import sys
from pathlib import Path

import structlog

from infrastructure.embedded.processes import Process, Service


def test_an_address_in_a_line_that_is_redacted_before_anybody_sees_it() -> None:
    structlog.get_logger().info("welcome", to="ann@example.org")


def test_a_password_in_a_message_of_an_error() -> None:
    try:
        raise ValueError("wrong: correct horse battery")
    except ValueError as error:
        structlog.get_logger().error("it broke", exc_info=error)


def test_a_token_that_is_printed() -> None:
    print("Authorization: Bearer abcdefghijklmnop")


def test_a_phone_in_the_log_of_a_process(tmp_path: Path) -> None:
    process = Process(
        Service(name="talker", command=[sys.executable, "-c", "print('call +256772123456')"], ready=None), tmp_path
    )
    process.wait_ready()
    process.stop()


def test_a_key_in_a_log_that_is_left_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "other.log").write_text("using sk_test_abcdefghijklmnop\n")


def test_nothing() -> None:
    structlog.get_logger().info("request", status=200, route="/v1/users/me")
