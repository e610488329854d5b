"""Takes every mail and delivers none: an SMTP server and an inbox to look at."""

from __future__ import annotations

import email.policy
import itertools
import json
import threading
from collections import deque
from datetime import UTC, datetime
from email.parser import BytesParser
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import msgspec
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 1000


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as it was handed over. `to` are the envelope's recipients, in lower case."""

    id: int
    sender: str
    to: list[str]
    subject: str
    text: str
    received_at: datetime


class Inbox:
    """The last mails, newest first. Safe to use from several threads."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque(maxlen=KEPT)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, sender: str, to: list[str], content: bytes) -> None:
        parsed = BytesParser(policy=email.policy.default).parsebytes(content)
        body = parsed.get_body(("plain", "html"))
        text = str(body.get_content()) if body else ""
        with self._lock:
            self._messages.appendleft(
                Message(
                    id=next(self._numbers),
                    sender=sender,
                    to=[recipient.lower() for recipient in to],
                    subject=str(parsed["subject"] or ""),
                    text=text.replace("\r\n", "\n"),  # lines end so on the wire
                    received_at=datetime.now(UTC),
                )
            )

    def messages(self, to: str | None = None) -> list[Message]:
        """Those for one recipient, or all."""
        with self._lock:
            kept = list(self._messages)
        return kept if to is None else [message for message in kept if to.lower() in message.to]

    def forget(self) -> None:
        """Everything."""
        with self._lock:
            self._messages.clear()

    def message(self, number: int) -> Message | None:
        return next((message for message in self.messages() if message.id == number), None)


class MailSink:
    """Both servers while the `with` block lasts, on the loopback address unless told otherwise."""

    def __init__(self, smtp_port: int, inbox_port: int, host: str = "127.0.0.1") -> None:
        self.inbox = Inbox()
        self._smtp = Controller(_Handler(self.inbox), hostname=host, port=smtp_port)
        self._http = ThreadingHTTPServer((host, inbox_port), _page_handler(self.inbox))

    def __enter__(self) -> MailSink:
        self._smtp.start()
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._smtp.stop()
        self._http.shutdown()
        self._http.server_close()


class _Handler:
    """What aiosmtpd calls."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        self._inbox.add(envelope.mail_from or "", list(envelope.rcpt_tos), raw)
        return "250 OK"


def _page_handler(inbox: Inbox) -> type[BaseHTTPRequestHandler]:
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            to = parse_qs(address.query).get("to", [None])[0]
            name = address.path.removeprefix("/")
            if name == "":
                self._answer(200, "text/html", _list_page(inbox.messages(to)))
            elif name == "messages.json":
                messages = msgspec.to_builtins(inbox.messages(to))
                self._answer(200, "application/json", json.dumps({"messages": messages}))
            elif name.isdecimal() and (message := inbox.message(int(name))):
                self._answer(200, "text/html", _message_page(message))
            else:
                self._answer(404, "text/html", _page("Not found", "<p>There is no such page.</p>"))

        def do_DELETE(self) -> None:
            if self.path == "/messages.json":
                inbox.forget()
            self._answer(200, "application/json", json.dumps({"messages": msgspec.to_builtins(inbox.messages())}))

        def _answer(self, status: int, kind: str, text: str) -> None:
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            # A mail's text comes from anyone: even a slip in the escaping may not run anything.
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Requests are not worth a line each."""

    return Pages


def _list_page(messages: list[Message]) -> str:
    rows = "".join(
        f"<tr><td>{message.received_at:%Y-%m-%d %H:%M:%S}</td><td>{escape(', '.join(message.to))}</td>"
        f'<td><a href="/{message.id}">{escape(message.subject) or "(no subject)"}</a></td></tr>'
        for message in messages
    )
    table = f"<table><tr><th>Received (UTC)</th><th>To</th><th>Subject</th></tr>{rows}</table>"
    return _page("Inbox", table if messages else "<p>No mail yet.</p>")


def _message_page(message: Message) -> str:
    return _page(
        message.subject or "(no subject)",
        f"<p>From {escape(message.sender)} to {escape(', '.join(message.to))}, "
        f"{message.received_at:%Y-%m-%d %H:%M:%S} UTC</p>"
        f'<pre>{escape(message.text)}</pre><p><a href="/">Inbox</a></p>',
    )


def _page(title: str, body: str) -> str:
    style = "body{font-family:system-ui;margin:2rem;max-width:60rem}td,th{text-align:left;padding:.3rem 1rem .3rem 0}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{style}pre{{white-space:pre-wrap}}</style><h1>{escape(title)}</h1>{body}</html>"
    )
