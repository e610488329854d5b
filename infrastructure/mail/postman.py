"""Sends the mails that the outbox holds, at least once each."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

import structlog

from infrastructure import logs
from infrastructure.database import Database, Unavailable
from infrastructure.mail.known import Known
from infrastructure.mail.letters import Letters, Withheld
from infrastructure.workers.metrics import MAILS
from projections import mailings
from projections.mailings import Mailing, Status

BATCH: Final = 20
_THIS_MAIL: Final = (
    smtplib.SMTPSenderRefused,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPDataError,
    smtplib.SMTPNotSupportedError,
)
"""What the server has against one mail; the connection goes on."""

_TIMEOUT_SECONDS: Final = 5.0
_log = structlog.get_logger()


class Postman:
    """Sends what is due. A mail that could not be sent is due again after a while and keeps none of the others."""

    def __init__(self, database: Database, letters: Letters, smtp_url: str) -> None:
        self._database = database
        self._letters = letters
        self._smtp_url = smtp_url

    def deliver_due(self) -> None:
        """Send everything that is due now, a few at a time over one connection. Raises Unavailable."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            mailings.plan_asked(cursor)
        while batch := self._claim():
            try:
                with connected(self._smtp_url) as server:
                    self._deliver_all(server, batch)
            except Unavailable:
                raise
            except OSError as error:  # smtplib's errors are OSErrors
                # The rest of the batch is due again by its claim.
                MAILS.labels("unreachable").inc()
                _log.warning("mail server away, mails wait", error=str(error))
                return

    def _claim(self) -> list[Mailing]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            return mailings.claim_due(cursor, BATCH)

    def _deliver_all(self, server: smtplib.SMTP, batch: Sequence[Mailing]) -> None:
        """Send some mails one after the other, by what is known of all of them, which is looked up again as it ages."""
        known = self._look_up(batch)
        for n, mailing in enumerate(batch):
            if known is not None and known.is_old():
                known = self._look_up(batch[n:])
            with logs.about(mailing.request_id):
                self._deliver(server, mailing, known)

    def _look_up(self, batch: Sequence[Mailing]) -> Known | None:
        """What the letters of some mailings are written from; None when one of them keeps it from being read."""
        try:
            return self._letters.about(batch)
        except OSError:  # the database is away
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other mails can be sent
            _log.warning("mails are looked up one by one", error=type(error).__name__)
            return None

    def _deliver(self, server: smtplib.SMTP, mailing: Mailing, known: Known | None) -> None:
        """Send one mail and record what became of it. Raises what is wrong with the server or the database."""
        try:
            mail = self._letters.write(mailing, known or self._letters.about([mailing]))
            if isinstance(mail, Withheld):
                self._settle(mailing, mail.status, mail.because)
                return
            server.send_message(mail)
        except _THIS_MAIL as error:
            self._settle(mailing, "refused" if _is_final(error) else "pending", _kind(error))
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other mails can be sent
            _log.error("mail cannot be written", mailing=mailing, exc_info=error)
            self._settle(mailing, "pending", type(error).__name__)
        else:
            self._settle(mailing, "sent", None)

    def _settle(self, mailing: Mailing, status: Status, error: str | None) -> None:
        MAILS.labels(status).inc()
        _log.info("mail", template=mailing.template, recipient=mailing.recipient, status=status)
        with self._database.connection() as connection, connection.cursor() as cursor:
            mailings.settle(cursor, mailing, status, error)


def connected(smtp_url: str) -> smtplib.SMTP:
    """A connection to the mail server: smtps:// speaks TLS from the start, smtp:// as soon as the server offers it."""
    address = urlsplit(smtp_url)
    assert address.hostname is not None
    kind = smtplib.SMTP_SSL if address.scheme == "smtps" else smtplib.SMTP
    server = kind(address.hostname, address.port or 0, timeout=_TIMEOUT_SECONDS)
    if address.scheme == "smtp" and server.ehlo()[0] == 250 and server.has_extn("starttls"):
        server.starttls()
    if address.username:
        server.login(unquote(address.username), unquote(address.password or ""))
    return server


def _kind(error: Exception) -> str:
    """An error's name and the server's codes: what the server says in words repeats the address."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=recipients):
            codes = sorted({code for code, _ in recipients.values()})
        case smtplib.SMTPResponseException(smtp_code=code):
            codes = [code]
        case _:
            codes = []
    return " ".join([type(error).__name__, *map(str, codes)])


def _is_final(error: Exception) -> bool:
    """Whether the mail server will never take this mail for its recipient (a code of 500 or more)."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=recipients):
            return all(code >= 500 for code, _ in recipients.values())
        case smtplib.SMTPDataError(smtp_code=code):
            return bool(code >= 500)
        case _:
            return False
