"""Calendars over HTTP, from sites that behave badly: each failure has its code, is over soon and is cheap."""

from __future__ import annotations

import resource
import socket
import time
from contextlib import suppress
from datetime import date
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal

import pytest

from application.linked_calendars import CalendarRead, CalendarUnreadable
from domain.rejections import Rejected
from infrastructure.calendars.reader import BYTES_MAX, REDIRECTS_MAX, HttpCalendarReader
from infrastructure.outgoing import Outgoing, Reply
from tests.calendars.shapes import calendar, days, feed
from tests.calendars.site import Answering, Site, answer

READER = HttpCalendarReader(Outgoing(allow_private=True), seconds=1.0)
GUARDED = HttpCalendarReader(Outgoing(allow_private=False), seconds=1.0)


def read(site: Site, etag: str | None = None, reader: HttpCalendarReader = READER) -> CalendarRead | None:
    return reader.read(site.url, etag, date(2026, 6, 1), date(2028, 5, 31))


def refusal(site: Site, reader: HttpCalendarReader = READER) -> str:
    with pytest.raises(CalendarUnreadable) as unreadable:
        read(site, reader=reader)
    assert "secret" not in str(unreadable.value)
    return unreadable.value.code


def test_a_calendar_is_asked_for_and_read(site: Site) -> None:
    site.shows(feed("airbnb"))
    found = read(site)
    assert found is not None
    assert len(found.reading.entries) == 2
    assert site.requests[0]["accept"] == "text/calendar"


def test_what_did_not_change_is_not_sent_again(site: Site) -> None:
    site.shows(feed("airbnb"), etag='"7"')
    found = read(site)
    assert found is not None
    assert found.etag == '"7"'
    assert read(site, etag='"7"') is None
    assert read(site, etag='"6"') is not None


def test_what_is_not_understood_is_noted(site: Site) -> None:
    site.shows(calendar("UID:odd\nDTSTART:garbage", days("a", "2026-07-01", "2026-07-02")))
    found = read(site)
    assert found is not None
    assert found.notes == ("1 entries cannot be understood.",)


@pytest.mark.parametrize("status", [204, 304, 401, 404, 429, 500, 503])
def test_any_other_status_is_no_calendar(site: Site, status: int) -> None:
    site.answering = answer(b"", status)
    assert refusal(site) == "answered_otherwise"


def test_garbage_is_no_calendar(site: Site) -> None:
    site.answering = answer(b"<html>Please log in</html>")
    assert refusal(site) == "not_a_calendar"


@pytest.mark.parametrize("announced", [True, False])
def test_fifty_megabytes_are_refused_without_reading_them(site: Site, *, announced: bool) -> None:
    sent = 0

    def pour(request: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        request.send_response(200)
        if announced:
            request.send_header("Content-Length", str(50 * 1024 * 1024))
        request.end_headers()
        try:
            for _ in range(800):
                sent += request.wfile.write(b"x" * 64 * 1024)
        except OSError:
            pass

    site.answering = pour
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert refusal(site) == "too_large"

    assert sent < BYTES_MAX + 20 * 1024 * 1024  # the rest is in the sockets' buffers
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024  # in KiB


def test_a_calendar_as_large_as_may_be_is_read(site: Site) -> None:
    one = calendar(days("a", "2026-07-01", "2026-07-02"))
    padding = b"X-PADDING:" + b"x" * 60 + b"\r\n"
    content = one.replace(b"BEGIN:VEVENT", padding * 1000 + b"BEGIN:VEVENT")
    site.shows(content)
    assert read(site) is not None


def stall(request: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def drip_headers(request: BaseHTTPRequestHandler) -> None:
    for _ in range(30):
        request.wfile.write(b"X")
        time.sleep(0.1)


def drip_body(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    drip_headers(request)


@pytest.mark.parametrize("answering", [stall, drip_headers, drip_body])
def test_one_that_never_ends_is_left_in_time(site: Site, answering: Answering) -> None:
    def carefully(request: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            answering(request)

    site.answering = carefully
    begun = time.monotonic()
    assert refusal(site) == "unreachable"
    assert time.monotonic() - begun < 2.5


def test_a_connection_that_breaks_is_not_the_end_of_a_calendar(site: Site) -> None:
    def cut(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "5000")
        request.end_headers()
        request.wfile.write(feed("airbnb"))

    site.answering = cut
    assert refusal(site) == "unreachable"


def test_nobody_there(site: Site) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        site.url = f"http://127.0.0.1:{unused.getsockname()[1]}/?secret"
        assert refusal(site) == "unreachable"


def test_a_redirect_is_followed_a_few_times(site: Site) -> None:
    def lead_on(request: BaseHTTPRequestHandler) -> None:
        steps = int(request.path.rpartition("/")[2])
        target = answer(feed("airbnb")) if steps == 0 else answer(b"", 302, Location=f"/{steps - 1}")
        target(request)

    site.answering = lead_on
    start = site.url.partition("/export")[0]
    site.url = f"{start}/{REDIRECTS_MAX}"
    assert read(site) is not None
    site.url = f"{start}/{REDIRECTS_MAX + 1}"
    assert refusal(site) == "redirected_too_often"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/", "gopher://127.0.0.1/", "http://["])
def test_a_redirect_to_anything_but_http_is_refused(site: Site, target: str) -> None:
    site.answering = answer(b"", 302, Location=target)
    assert refusal(site) == "address_refused"


def test_private_addresses_are_not_asked(site: Site) -> None:
    site.shows(feed("airbnb"))
    site.url = site.url.replace("http://", "https://")
    for host in ("127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "0x7f000001"):
        site.url = f"https://{host}:{site.url.rpartition(':')[2]}"
        assert refusal(site, GUARDED) == "address_refused", host
    assert site.requests == []


def test_a_redirect_to_a_private_address_is_refused(site: Site) -> None:
    """A public site that leads to a machine of ours: the second address is checked like the first."""
    asked = []

    class Public(Outgoing):
        """The test's site counts as public by the name that it is called, nothing else does."""

        def request(self, method: Literal["GET", "POST"], url: str, **options: Any) -> Reply:
            asked.append(url)
            return Outgoing(allow_private=url == site.url).request(method, url, **options)

    site.answering = answer(b"", 302, Location="https://169.254.169.254/latest/meta-data/")
    assert refusal(site, HttpCalendarReader(Public(allow_private=False))) == "address_refused"
    assert asked == [site.url, "https://169.254.169.254/latest/meta-data/"]


@pytest.mark.parametrize(
    "url", ["ftp://example.org/a.ics", "https://", "https://user:word@example.org/", "https://10.0.0.1/", "no address"]
)
def test_addresses_that_are_never_asked_are_refused_when_they_are_named(url: str) -> None:
    with pytest.raises(Rejected) as refused:
        GUARDED.check(url)
    assert refused.value.code == "feed_address_refused"


def test_tls_is_not_given_up_on_the_way() -> None:
    class Leading(Outgoing):
        def request(self, *_: object, **__: object) -> Reply:
            return Reply(301, {"location": "http://example.org/a.ics"}, b"", whole=True)

    with pytest.raises(CalendarUnreadable) as unreadable:
        HttpCalendarReader(Leading(allow_private=True)).read("https://example.org/", None, date.min, date.max)
    assert unreadable.value.code == "address_refused"
