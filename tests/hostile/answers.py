"""What every refusal is, whatever was sent."""

from __future__ import annotations

import re
from typing import Final

from tests.hostile.wire import Answer

_INSTANCE: Final = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TOLD_TOO_MUCH: Final = re.compile(
    rb"Traceback|psycopg|sqlalchemy|File \\?\"|/site-packages/|SELECT |INSERT INTO|relation \\?\"|syntax error at", re.I
)


def must_be_a_problem(answer: Answer | None, status: int, kind: str | None = None) -> None:
    """Problem details (RFC 9457) with a stable type and this request's id, and nothing of how it came about."""
    assert answer is not None
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.problem()
    assert problem["status"] == status
    assert re.fullmatch(r"/problems/[a-z-]+", problem["type"])
    assert kind is None or problem["type"] == f"/problems/{kind}"
    assert _INSTANCE.fullmatch(problem["instance"])
    assert problem["instance"].endswith(answer.headers["x-request-id"])
    must_tell_nothing(answer)


def must_tell_nothing(answer: Answer) -> None:
    """No trace, no SQL, and no header that somebody else wrote."""
    assert not _TOLD_TOO_MUCH.search(answer.body), answer.body
    assert "x-injected" not in answer.headers
    assert "set-cookie" not in answer.headers or b"injected" not in answer.head.lower()
