"""Signed webhooks, sent to one address: late, twice, out of order or never, as it is told."""

from __future__ import annotations

import hmac
import json
import random
import time
import urllib.error
import urllib.request
from hashlib import sha256
from threading import Thread

from fakes.stripe.store import Object, Store

_PAUSE_SECONDS = 0.02
_FIRST_RETRY_SECONDS = 1.0
_ATTEMPTS_MAX = 12
_TIMEOUT_SECONDS = 10.0

_DEFAULTS: Object = {"url": None, "delay": 0, "spread": 0, "duplicates": 0, "silent": False}


def settings(store: Store) -> Object:
    """`url`; `delay` and, on top at random, up to `spread` seconds (so that order is lost); how many `duplicates`;
    `silent`: nothing is ever delivered."""
    found = store.find("webhooks", "webhooks")
    return found or {"id": "webhooks", "object": "webhooks", **_DEFAULTS}


def configure(store: Store, **changes: object) -> Object:
    changed = {**settings(store), **changes}
    store.sql.execute(
        "INSERT OR REPLACE INTO objects (id, kind, body) VALUES ('webhooks', 'webhooks', ?)", [json.dumps(changed)]
    )
    return changed


def schedule(store: Store, event_id: str) -> None:
    """In the transaction that makes the event."""
    wanted = settings(store)
    if wanted["silent"] or not wanted["url"]:
        return
    for _ in range(1 + wanted["duplicates"]):
        due = time.time() + wanted["delay"] + random.uniform(0, wanted["spread"])  # noqa: S311
        store.sql.execute("INSERT INTO deliveries (event, due) VALUES (?, ?)", [event_id, due])


def signature(body: str, secret: str, at: int) -> str:
    """The Stripe-Signature header."""
    signed = hmac.new(secret.encode(), f"{at}.{body}".encode(), sha256).hexdigest()
    return f"t={at},v1={signed}"


class Postman(Thread):
    """Delivers what is due, one after the other; what is not taken is tried again, later each time."""

    def __init__(self, store: Store, secret: str) -> None:
        super().__init__(daemon=True, name="webhooks")
        self._store = store
        self._secret = secret

    def run(self) -> None:
        while True:
            if not self._deliver_one():
                time.sleep(_PAUSE_SECONDS)

    def _deliver_one(self) -> bool:
        with self._store.transaction() as sql:
            due = sql.execute(
                """SELECT deliveries.n, attempts, body FROM deliveries JOIN objects ON objects.id = event
                   WHERE due <= ? ORDER BY due LIMIT 1""",
                [time.time()],
            ).fetchone()
            url = settings(self._store)["url"]
        if due is None or not url:
            return False
        number, attempts, body = due
        taken = self._post(url, body)
        with self._store.transaction() as sql:
            if taken or attempts + 1 >= _ATTEMPTS_MAX:
                sql.execute("DELETE FROM deliveries WHERE n = ?", [number])
            else:
                again = time.time() + _FIRST_RETRY_SECONDS * 2**attempts
                sql.execute("UPDATE deliveries SET due = ?, attempts = attempts + 1 WHERE n = ?", [again, number])
        return True

    def _post(self, url: str, body: str) -> bool:
        headers = {
            "Content-Type": "application/json",
            "Stripe-Signature": signature(body, self._secret, int(time.time())),
        }
        request = urllib.request.Request(url, body.encode(), headers, method="POST")  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                return bool(200 <= answer.status < 300)
        except (urllib.error.URLError, OSError):
            return False
