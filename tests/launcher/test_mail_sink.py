"""The mail sink takes every mail and shows it harmlessly."""

from __future__ import annotations

import json
import smtplib
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from infrastructure.embedded.mail_sink import KEPT, Inbox, MailSink
from tests.support.servers import free_port


class Sink:
    def __init__(self) -> None:
        self.smtp_port, self.inbox_port = free_port(), free_port()

    def send(self, to: str, subject: str, text: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "lodger@localhost", to, subject
        mail.set_content(text)
        with smtplib.SMTP("127.0.0.1", self.smtp_port) as client:
            client.send_message(mail)

    def page(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.inbox_port}{path}") as answer:
            return str(answer.read().decode())

    def messages(self, query: str = "") -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = json.loads(self.page(f"/messages.json{query}"))["messages"]
        return messages


@pytest.fixture
def sink() -> Iterator[Sink]:
    it = Sink()
    with MailSink(it.smtp_port, it.inbox_port):
        yield it


def test_mails_are_listed_newest_first_and_by_recipient(sink: Sink) -> None:
    sink.send("Ada@example.com", "First", "one")
    sink.send("ben@example.com", "Zweite Übernachtung", "zwei")

    assert [(mail["to"], mail["subject"], mail["text"]) for mail in sink.messages()] == [
        (["ben@example.com"], "Zweite Übernachtung", "zwei\n"),
        (["ada@example.com"], "First", "one\n"),
    ]
    assert [mail["subject"] for mail in sink.messages("?to=ada@example.com")] == ["First"]


def test_markup_in_a_mail_is_shown_as_text(sink: Sink) -> None:
    sink.send("ada@example.com", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>")

    for page in (sink.page("/"), sink.page("/1")):
        assert "<script>" not in page
        assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in sink.page("/1")


@pytest.mark.parametrize("path", ["/2", "/0", "/x", "/../etc/passwd", "/99999999999999999999"])
def test_a_page_that_is_not_there_is_a_404(sink: Sink, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        sink.page(path)


def test_the_oldest_make_room() -> None:
    inbox = Inbox()
    for number in range(KEPT + 1):
        inbox.add("lodger@localhost", ["ada@example.com"], b"Subject: %d\r\n\r\n" % number)

    assert len(inbox.messages()) == 1000
    assert inbox.messages()[0].subject == "1000"
    assert inbox.messages()[-1].subject == "1"


def test_a_mail_without_a_subject_or_body_is_kept() -> None:
    inbox = Inbox()
    inbox.add("", ["ada@example.com"], b"")

    assert (inbox.messages()[0].subject, inbox.messages()[0].text) == ("", "")
