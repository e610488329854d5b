"""Requests to addresses that users name: webhooks and calendar feeds.

Somebody who may name an address must not reach what only our machines can (a metadata service, a database), nor hold
a worker up. So a host is resolved once, every address of it is checked, and the connection goes to a checked one: a
name that answers something else a moment later gains nothing. Redirects are answers like any other; whoever follows
one asks again, and it is checked again.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Timer
from time import monotonic
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

_CONNECT_SECONDS: Final = 5.0
_CHUNK: Final = 16 * 1024
_WELL_KNOWN_NAT64: Final = IPv6Network("64:ff9b::/96")


class AddressRefused(Exception):
    """We do not connect there; the message is for whoever named the address."""


class OutgoingFailed(Exception):
    """No whole answer came: `str` says why in a few words."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered. `body` is at most as long as was asked for; `whole` says whether that is all of it.

    Names in `headers` are in lower case.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


class Outgoing:
    """HTTP to the outside. `allow_private` also takes addresses that are not public, and http without TLS."""

    def __init__(self, *, allow_private: bool, tls: ssl.SSLContext | None = None) -> None:
        self._allow_private = allow_private
        self._tls = tls or ssl.create_default_context()

    def check(self, url: str) -> None:
        """Raise AddressRefused for what is never asked, as far as the address itself tells."""
        parts, _ = self._parsed(url)
        try:
            literal = ip_address(parts.hostname or "")
        except ValueError:
            return
        self._must_be_allowed(literal)

    def request(
        self,
        method: Literal["GET", "POST"],
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        most_bytes: int,
        seconds: float = 10.0,
    ) -> Reply:
        """Ask once, and read at most `most_bytes` of the answer's body.

        Everything after the name is resolved is over within `seconds`, however slowly the other side drips.
        Raises AddressRefused and OutgoingFailed.
        """
        parts, port = self._parsed(url)
        deadline = monotonic() + seconds
        connection = HTTPConnection(parts.hostname or "", port)
        try:
            plain = self._connected(parts.hostname or "", port, seconds)
            # A time-out of the socket is for one read only; this one is for all of them.
            timer = Timer(max(deadline - monotonic(), 0.01), _hang_up, [plain.dup()])
            timer.daemon = True
            timer.start()
            try:
                connection.sock = self._wrapped(plain, parts)
                path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
                connection.request(method, path, body, {"Host": parts.netloc, **headers})
                reply = _read(connection.getresponse(), most_bytes)
            finally:
                timer.cancel()
                timer.function(*timer.args)
            if monotonic() >= deadline:  # a body that ends with its connection may have been cut by ours
                raise TimeoutError
            return reply
        except TimeoutError as error:
            raise OutgoingFailed("no answer in time") from error
        except (OSError, HTTPException) as error:
            late = monotonic() >= deadline
            raise OutgoingFailed("no answer in time" if late else _reason(error)) from error
        finally:
            connection.close()

    def _parsed(self, url: str) -> tuple[SplitResult, int]:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise AddressRefused("This is no address.") from error
        if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc:
            raise AddressRefused("An address like https://host/path is needed, without a user in it.")
        if any(character <= " " or character >= "\x7f" for character in url):
            raise AddressRefused("An address has visible ASCII characters only.")
        if parts.scheme == "http" and not self._allow_private:
            raise AddressRefused("Only https is spoken here.")
        return parts, port or (443 if parts.scheme == "https" else 80)

    def _connected(self, host: str, port: int, seconds: float) -> socket.socket:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise OutgoingFailed("the name is not known") from error
        addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
        for address in addresses:
            self._must_be_allowed(ip_address(address))
        failure: OSError = OSError("the name has no address")
        for address in addresses[:2]:
            try:
                opened = socket.create_connection((address, port), timeout=min(_CONNECT_SECONDS, seconds / 2))
            except OSError as error:
                failure = error
            else:
                opened.settimeout(seconds)
                return opened
        raise failure

    def _must_be_allowed(self, address: IPv4Address | IPv6Address) -> None:
        if not self._allow_private and not _is_public(address):
            raise AddressRefused("Only public addresses are asked.")

    def _wrapped(self, plain: socket.socket, parts: SplitResult) -> socket.socket:
        return self._tls.wrap_socket(plain, server_hostname=parts.hostname) if parts.scheme == "https" else plain


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether anybody on the internet could ask it too; of an address within another, the inner one counts."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _WELL_KNOWN_NAT64:
            inner = IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return _is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _read(response: HTTPResponse, most_bytes: int) -> Reply:
    body = bytearray()
    while len(body) <= most_bytes and (chunk := response.read1(_CHUNK)):
        body += chunk
    if len(body) <= most_bytes and response.length:  # read1 takes a broken connection for the end
        raise IncompleteRead(bytes(body), response.length)
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, headers, bytes(body[:most_bytes]), whole=len(body) <= most_bytes)


def _hang_up(plain: socket.socket) -> None:
    """End a connection whoever is reading from it; again does nothing."""
    try:
        plain.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        plain.close()


def _reason(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"the certificate is not valid: {error.verify_message}"
        case ssl.SSLError():
            return "TLS failed"
        case ConnectionRefusedError():
            return "the connection was refused"
        case _:
            return f"the connection broke ({type(error).__name__})"
