"""Commands over HTTP: who calls, how an answer is kept and repeated, and which position it was committed at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from flask import Request, Response, g, request
from flask.globals import request_ctx
from marshmallow import Schema

from api import tracing
from api.answers import JSON, JsonResponse, text
from api.authentication import principal as caller
from api.edge import edge
from api.json_body import raw_body
from api.metrics import count_command
from application.calls import Call
from application.ports import Answer, AnswerInFlight, AnswerKept, Idempotency, KeyReused
from application.streams import Done
from domain.events import Actor
from domain.rejections import Rejected

KEY_HEADER: Final = "Idempotency-Key"
POSITION_HEADER: Final = "Lodger-Position"
REPLAYED_HEADER: Final = "Idempotency-Replayed"

_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Wish:
    """How a command came to us: as a request of its own, or as a field of the graph.

    `name` is what metrics call it. An answer is kept under `route` and `key`; `asked` is the text that must be the
    same whenever the key is. `version` is what was seen of what is to be changed.
    """

    name: str
    route: str
    key: str | None
    asked: str
    version: int | None = None


@contextmanager
def wishing(wish: Wish) -> Iterator[None]:
    """Commands in this block came like that."""
    g.wish = wish
    try:
        yield
    finally:
        del g.wish


def carry_out(
    command: Callable[[Call], Answer | None],
    show: Callable[[Any, datetime], Answer],
    *,
    actor: Actor | None = None,
    principal: str | None = None,
) -> Response:
    """Run a use case as a call of whoever is signed in, and send its answer or the one it got before.

    `show` makes the answer of what the use case shows, at the command's time; its text is kept under the request's
    Idempotency-Key and is the same on every repeat. `actor` and `principal` are for those who have no account yet.
    """
    lodger, wish = edge().lodger, _wish()
    now = lodger.clock.now()
    call = Call(
        actor=actor or caller().actor,
        now=now,
        command_id=lodger.new_id(),
        correlation_id=UUID(tracing.current().request_id),
        idempotency=_idempotency(wish, principal or caller().name),
        render=lambda shown: show(shown, now),
    )
    name = wish.name
    try:
        answer = command(call)
    except AnswerKept as kept:
        count_command(name, "replayed")
        return _sent(kept.answer, replayed=True)
    except AnswerInFlight as error:
        raise Rejected("request_in_flight", "The first of these requests has no answer yet.") from error
    except KeyReused as error:
        raise Rejected("idempotency_key_reused", "This Idempotency-Key came with another body before.") from error
    except Rejected as refusal:
        count_command(name, refusal.code)
        raise
    assert answer is not None, "every call here renders"
    count_command(name, "accepted")
    return _sent(answer)


def operate(
    command: Callable[[Call], Done[Any, Any]], show: Callable[[Any, datetime], Answer], reason: str
) -> Response:
    """The same for an operator, whose every act has a reason, kept with its events."""
    return carry_out(lambda call: command(call).answer, show, actor=caller().operator(reason))


def answer(schema: type[Schema] | None, shown: object, status: int = 200, **headers: str) -> Answer:
    """An answer to keep and send: `shown` dumped by `schema`; underscores in header names are dashes."""
    body = "" if schema is None else text(schema, shown)
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def must_have_key() -> None:
    """Refuse a request without Idempotency-Key, where repeating it blindly would hurt."""
    if KEY_HEADER not in request.headers:
        raise Rejected("idempotency_key_required", "Make up an Idempotency-Key, and repeat it when you try again.")


def expected_version() -> int:
    """The version that If-Match names. Raises Rejected `precondition_required` or `revision_stale`."""
    if "wish" in g:
        version: int = g.wish.version
        return version
    if "If-Match" not in request.headers:
        raise Rejected("precondition_required", "Send the ETag of what you saw as If-Match.")
    versions = request.if_match.as_set()
    only = versions.pop() if len(versions) == 1 else ""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", only, re.ASCII):
        raise Rejected("revision_stale", "If-Match names no version of this.")
    return int(only)


def etag(version: int) -> str:
    return f'"{version}"'


def _wish() -> Wish:
    if "wish" in g:
        wish: Wish = g.wish
        return wish
    came: Request = request_ctx.request  # itself: each look through `request` costs
    name, key, asked = str(came.endpoint).rpartition(".")[2], came.headers.get(KEY_HEADER), ""
    if key is not None:
        body = raw_body(came).decode(errors="backslashreplace")  # a picture is no text
        asked = f"{came.query_string.decode('latin-1')}\n{body}"
    return Wish(name, f"{came.method} {came.path}", key, asked)


def _idempotency(wish: Wish, principal: str) -> Idempotency | None:
    if wish.key is None:
        return None
    if not _KEY.fullmatch(wish.key):
        raise Rejected("idempotency_key_malformed", "An Idempotency-Key has 1 to 200 visible ASCII characters.")
    digest, *also = edge().lodger.signer.digests("request body", wish.asked)
    return Idempotency(principal, wish.route, wish.key, digest, also)


def _sent(answer: Answer, *, replayed: bool = False) -> Response:
    headers = dict(answer.headers)
    if answer.position is not None:
        headers[POSITION_HEADER] = str(answer.position)
    if replayed:
        headers[REPLAYED_HEADER] = "true"
    if answer.body:
        return JsonResponse(answer.body, answer.status, headers, content_type=JSON)
    empty = Response(status=answer.status, headers=headers)
    del empty.headers["Content-Type"]
    return empty
