"""The mails that an API's workers would send, read instead."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default
from urllib.parse import urlsplit

from infrastructure.mail.letters import Letters, Withheld
from projections import mailings
from tests.api.stack import Client, Stack


def letters_to(user: Client) -> list[tuple[str, str]]:
    """Subject and text of what is due to somebody now; nobody else's mail is kept."""
    stack = user.stack
    letters = Letters(stack.wired.lodger, stack.wired.settings)
    found = []
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        mailings.plan_asked(cursor)
        due = mailings.claim_due(cursor, 1_000)
    known = letters.about(due)
    for mailing in due:
        mail = letters.write(mailing, known)
        withheld = isinstance(mail, Withheld)
        with stack.wired.database.connection() as connection, connection.cursor() as cursor:
            mailings.settle(cursor, mailing, mail.status if isinstance(mail, Withheld) else "sent")
        if not withheld and str(mailing.stream_id) == user.id:
            message = message_from_bytes(mail.as_bytes(), policy=default)  # type: ignore[union-attr]
            found.append((str(message["Subject"]), str(message.get_content())))
    return found


def link_in(text: str) -> str:
    """The address that a mail leads to, without its host."""
    (found,) = re.findall(r"https?://\S+token=\S+", text)
    parts = urlsplit(found)
    return f"{parts.path}?{parts.query}"


def press(stack: Stack, page: str, **fields: str) -> tuple[int, str]:
    """Fill in the form of a page and press its button; what the next page says."""
    answer = stack.anybody()._http.post(page, data=fields)
    return answer.status_code, answer.text
