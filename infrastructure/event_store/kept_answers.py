"""Keeping an answer beside plain rows: configuration and personal data that are not in events."""

from __future__ import annotations

from application.ports import Answer, Idempotency
from infrastructure.event_store.recorder import answer_document, raise_kept, to_json
from projections.projection import Cursor


def keep(cursor: Cursor, answer: tuple[Idempotency, Answer] | None) -> None:
    """Keep an answer in the transaction of what it answers, first of all.

    Raises AnswerKept, AnswerInFlight and KeyReused when this is a repeat.
    """
    if answer is None:
        return
    cursor.execute("SELECT to_jsonb(kept) FROM keep_answer(%s) AS kept", [to_json(answer_document(answer))])
    ((kept,),) = cursor.fetchall()
    if kept["key"] is not None:
        raise_kept(kept, answer[0])
