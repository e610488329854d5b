"""The demonstration's HTTP client: what anybody could do with the API's address and a password."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, sleep
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import quote

import urllib3

from infrastructure.refusals import Refused

PASSWORD: Final = "mirembe-demo"  # noqa: S105 - the one of everybody in the demonstration
POSITION: Final = "Lodger-Position"

_MAIL_SECONDS: Final = 90.0
"""A mail that did not get through at once, on a busy machine, is tried again after half a minute."""
_LINK: Final = re.compile(r"/account/verification\?token=(?P<token>[\w.-]+)")
T = TypeVar("T")


class _When503SaysWhen(urllib3.Retry):
    """Repeats what was answered 503 with Retry-After: safe, since every command carries an Idempotency-Key."""

    RETRY_AFTER_STATUS_CODES = frozenset({503})


_RETRIES: Final = _When503SaysWhen(5, connect=0, read=0, other=0, allowed_methods=None, raise_on_status=False)


class DemoFailed(Refused):
    """Something did not answer as it should."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `body` is its JSON, or None where there is none."""

    status: int
    body: Any
    headers: Mapping[str, str]
    seconds: float


class Api:
    """One API, for up to `threads` threads at once; and the inbox in which everybody's mail is."""

    def __init__(self, url: str, threads: int, inbox_url: str = "") -> None:
        self.url = url
        self.inbox_url = inbox_url
        self._pool = urllib3.PoolManager(maxsize=threads, block=True, timeout=30.0, retries=_RETRIES)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        expect: int = 200,
        token: str | None = None,
        key: str | None = None,
        position: str | None = None,
    ) -> Answer:
        """Send a request as JSON. For any status but `expect` raises DemoFailed, which shows the problem."""
        headers = {
            "Accept": "application/json",
            **({"Authorization": f"Bearer {token}"} if token else {}),
            **({"Idempotency-Key": key} if key else {}),
            **({POSITION: position} if position else {}),
        }
        address = path if path.startswith("http") else f"{self.url}{path}"
        answer = self._send(method, address, json=body, headers=headers)
        if answer.status != expect:
            _fail(method, path, body, answer, expect)
        return answer

    def mail(self, to: str) -> Answer:
        """What came for an address."""
        return self.call("GET", f"{self.inbox_url}/messages.json?to={quote(to)}")

    def confirm_address(self, email: str) -> Answer:
        """Wait for the mail with the link, and do what the button does to which it leads."""
        told = f"{email} has the mail with the link"
        token = wait_until(told, lambda: _token_in(self.mail(email)), _MAIL_SECONDS)
        return self.call("POST", "/v1/auth/email-verification", {"token": token}, expect=204)

    def answer_payment(self, page: str, answer: str) -> Answer:
        """Press a button of the sandbox's payment page: "approve" or "decline"."""
        pressed = self._send("POST", page, fields={"answer": answer}, encode_multipart=False)
        if pressed.status != 303:
            _fail("POST", page, {"answer": answer}, pressed, 303)
        return pressed

    def move_clock(self, operator_token: str, to: datetime) -> Answer:
        """Move the sandbox's clock forward to an instant, as an operator."""
        return self.call("POST", "/v1/operator/clock", {"now": to.isoformat()}, token=operator_token)

    def _send(self, method: str, address: str, **options: Any) -> Answer:
        began = monotonic()
        try:
            response = self._pool.request(method, address, redirect=False, **_without_nothing(options))
        except urllib3.exceptions.HTTPError as error:
            raise DemoFailed(f"{method} {address} got no answer: {error}") from error
        body = response.json() if "json" in response.headers.get("Content-Type", "") and response.data else None
        return Answer(response.status, body, response.headers, monotonic() - began)


def wait_until(what: str, look: Callable[[], T | None], seconds: float = 15.0) -> T:
    """Look until there is something to see. Raises DemoFailed after `seconds`."""
    until = monotonic() + seconds
    while (seen := look()) is None:
        if monotonic() > until:
            raise DemoFailed(f"Waited {seconds:.0f} s in vain until {what}.")
        sleep(0.02)
    return seen


def _token_in(mails: Answer) -> str | None:
    links = (_LINK.search(mail["text"]) for mail in mails.body["messages"])
    return next((link["token"] for link in links if link), None)


def _without_nothing(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _fail(method: str, path: str, body: object, answer: Answer, expected: int) -> NoReturn:
    sent = f"\nIt was sent {json.dumps(body)}" if body is not None else ""
    told = json.dumps(answer.body, indent=2, ensure_ascii=False) if answer.body is not None else "(no JSON)"
    raise DemoFailed(f"{method} {path} answered {answer.status} instead of {expected}:\n{told}{sent}")
