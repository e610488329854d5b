"""Linked calendars over HTTP."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Final
from urllib.parse import urljoin, urlsplit

from application.linked_calendars import CalendarRead, CalendarUnreadable
from domain.rejections import Rejected
from infrastructure.calendars import ical
from infrastructure.outgoing import AddressRefused, Outgoing, OutgoingFailed, Reply

BYTES_MAX: Final = 2 * 1024 * 1024
REDIRECTS_MAX: Final = 3
_SECONDS: Final = 15.0
_HEADERS: Final = {"Accept": "text/calendar", "Accept-Encoding": "identity", "User-Agent": "Lodger"}
_REDIRECTS: Final = (301, 302, 303, 307, 308)


class HttpCalendarReader:
    """Implements `application.linked_calendars.CalendarReader`. `seconds` is for each of the requests made."""

    def __init__(self, outgoing: Outgoing, seconds: float = _SECONDS) -> None:
        self._outgoing = outgoing
        self._seconds = seconds

    def check(self, url: str) -> None:
        try:
            self._outgoing.check(url)
        except AddressRefused as refused:
            raise Rejected("feed_address_refused", str(refused)) from refused

    def read(self, url: str, etag: str | None, since: date, until: date) -> CalendarRead | None:
        reply = self._get(url, {**_HEADERS, **({"If-None-Match": etag} if etag else {})})
        if etag and reply.status == HTTPStatus.NOT_MODIFIED:
            return None
        if reply.status != HTTPStatus.OK:
            raise CalendarUnreadable("answered_otherwise", f"It was answered with status {reply.status}.")
        if not reply.whole:
            raise CalendarUnreadable("too_large", f"It is larger than {BYTES_MAX} bytes.")
        reading = ical.read(reply.body, since, until)
        notes = (f"{len(reading.unread)} entries cannot be understood.",) if reading.unread else ()
        return CalendarRead(reading, reply.headers.get("etag"), notes)

    def _get(self, url: str, headers: dict[str, str]) -> Reply:
        """The answer at the end of a few redirects. Each address is checked like the first; TLS is not given up."""
        for _ in range(REDIRECTS_MAX + 1):
            try:
                reply = self._outgoing.request("GET", url, headers=headers, most_bytes=BYTES_MAX, seconds=self._seconds)
            except AddressRefused as refused:
                raise CalendarUnreadable("address_refused", str(refused)) from refused
            except OutgoingFailed as failed:
                raise CalendarUnreadable("unreachable", f"It could not be asked for: {failed}.") from failed
            if reply.status not in _REDIRECTS or "location" not in reply.headers:
                return reply
            url = _target(url, reply.headers["location"])
        raise CalendarUnreadable("redirected_too_often", f"It leads on more than {REDIRECTS_MAX} times.")


def _target(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        scheme = urlsplit(target).scheme
    except ValueError as error:
        raise CalendarUnreadable("address_refused", "It leads to what is no address.") from error
    if urlsplit(url).scheme == "https" and scheme != "https":
        raise CalendarUnreadable("address_refused", "It leads away from https.")
    return target
