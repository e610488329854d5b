"""The ledger: who may ask, what was asked for, and what became of it. Amounts are decimal strings, never floats."""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from threading import RLock
from typing import Any, Final

from fakes.mtn_momo.wallets import FAILED, PENDING, SUCCESSFUL, Plan

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, host TEXT NOT NULL, key TEXT);
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, user TEXT NOT NULL, product TEXT NOT NULL, expires_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS transactions (
    id INTEGER PRIMARY KEY, reference TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, external_id TEXT NOT NULL,
    amount TEXT NOT NULL, currency TEXT NOT NULL, msisdn TEXT NOT NULL, payer_message TEXT NOT NULL,
    payee_note TEXT NOT NULL, refunds TEXT, status TEXT NOT NULL DEFAULT 'PENDING', reason TEXT, becomes TEXT NOT NULL,
    becomes_reason TEXT, due_ms INTEGER NOT NULL, said TEXT, said_reason TEXT, callback_url TEXT,
    callbacks INTEGER NOT NULL, callbacks_after_ms INTEGER NOT NULL, settled_ms INTEGER
);
"""


class Duplicate(Exception):
    """The reference was used before."""


@dataclass(frozen=True)
class Asked:
    """A request to pay, a refund or a transfer, as it came; and how often and how late somebody is called back."""

    reference: str
    kind: str
    external_id: str
    amount: str
    currency: str
    msisdn: str
    payer_message: str
    payee_note: str
    callback_url: str | None
    callbacks: int
    callbacks_after_ms: int
    refunds: str | None = None


Row = sqlite3.Row


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Ledger:
    """SQLite in `file` (or in memory), for any number of threads."""

    def __init__(self, file: str = ":memory:") -> None:
        self._lock = RLock()
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        with self._lock:
            self._database.executescript(_SCHEMA)

    def add_user(self, user: str, host: str) -> None:
        """Raises Duplicate."""
        with self._lock:
            try:
                self._database.execute("INSERT INTO users (id, host) VALUES (?, ?)", [user, host])
            except sqlite3.IntegrityError as error:
                raise Duplicate from error

    def give_key(self, user: str, key: str) -> None:
        self._run("UPDATE users SET key = ? WHERE id = ?", key, user)

    def user(self, user: str) -> Row | None:
        return self._one("SELECT * FROM users WHERE id = ?", user)

    def add_token(self, token: str, user: str, product: str, expires_ms: int) -> None:
        self._run("INSERT INTO tokens VALUES (?, ?, ?, ?)", token, user, product, expires_ms)

    def token(self, token: str, product: str) -> Row | None:
        """One that is still good for the product."""
        statement = "SELECT * FROM tokens WHERE token = ? AND product = ? AND expires_ms > ?"
        return self._one(statement, token, product, now_ms())

    def tokens(self) -> int:
        """How many there are, good or not."""
        return len(self._all("SELECT token FROM tokens"))

    def revoke_tokens(self) -> None:
        self._run("DELETE FROM tokens")

    def add(self, asked: Asked, plan: Plan) -> None:
        """Take a request. Raises Duplicate for a reference that was used before."""
        with self._lock:
            try:
                self._run(
                    """INSERT INTO transactions (reference, kind, external_id, amount, currency, msisdn, payer_message,
                           payee_note, refunds, callback_url, callbacks, callbacks_after_ms, becomes, becomes_reason,
                           due_ms)
                       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                    *(asked.reference, asked.kind, asked.external_id, asked.amount, asked.currency, asked.msisdn),
                    *(asked.payer_message, asked.payee_note, asked.refunds, asked.callback_url),
                    *(asked.callbacks, asked.callbacks_after_ms),
                    *(plan.status, plan.reason, now_ms() + plan.after_ms),
                )
            except sqlite3.IntegrityError as error:
                raise Duplicate from error
            self.settle_due()

    def settle_due(self) -> None:
        """End every request whose time has come."""
        with self._lock:
            statement = "SELECT * FROM transactions WHERE status = ? AND becomes <> ? AND due_ms <= ? ORDER BY id"
            for row in self._all(statement, PENDING, PENDING, now_ms()):
                self.settle(row["reference"], row["becomes"], row["becomes_reason"])

    def settle(self, reference: str, status: str, reason: str | None) -> bool:
        """End a pending request like this; False when it has ended already. A refund is never more than was paid."""
        with self._lock:
            row = self.transaction(reference)
            if row is None or row["status"] != PENDING:
                return False
            if row["kind"] == "refund" and status == SUCCESSFUL and not self._refundable(row):
                status, reason = FAILED, "COULD_NOT_PERFORM_TRANSACTION"
            self._run(
                "UPDATE transactions SET status = ?, reason = ?, settled_ms = ? WHERE reference = ?",
                *(status, reason, now_ms(), reference),
            )
            return True

    def contradict(self, reference: str, status: str, reason: str | None) -> None:
        """From now on something else is said than is true."""
        self._run("UPDATE transactions SET said = ?, said_reason = ? WHERE reference = ?", status, reason, reference)

    def transaction(self, reference: str) -> Row | None:
        return self._one("SELECT * FROM transactions WHERE reference = ?", reference)

    def transactions(self) -> list[Row]:
        """All of them, in the order they came."""
        return self._all("SELECT * FROM transactions ORDER BY id")

    def callbacks_due(self) -> list[Row]:
        """Settled requests of which somebody is to hear now: each is told once, for nothing is ever sent again."""
        with self._lock:
            due = self._all(
                """SELECT * FROM transactions WHERE callback_url IS NOT NULL AND callbacks > 0
                       AND settled_ms + callbacks_after_ms <= ? ORDER BY id""",
                now_ms(),
            )
            for row in due:
                self._run("UPDATE transactions SET callbacks = 0 WHERE id = ?", row["id"])
            return due

    def totals(self) -> dict[str, dict[str, str]]:
        """What was truly moved, by currency: collected, refunded, paid out."""
        words = {"requesttopay": "collected", "refund": "refunded", "transfer": "paid_out"}
        sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(words.values(), Decimal(0)))
        for row in self._all("SELECT * FROM transactions WHERE status = ?", SUCCESSFUL):
            sums[row["currency"]][words[row["kind"]]] += Decimal(row["amount"])
        return {currency: {word: str(amount) for word, amount in kinds.items()} for currency, kinds in sums.items()}

    def _refundable(self, refund: Row) -> bool:
        paid = self.transaction(refund["refunds"])
        if paid is None or paid["kind"] != "requesttopay" or paid["status"] != SUCCESSFUL:
            return False
        back = self._all(
            "SELECT amount FROM transactions WHERE refunds = ? AND status = ?", paid["reference"], SUCCESSFUL
        )
        wanted = Decimal(refund["amount"]) + sum((Decimal(each["amount"]) for each in back), Decimal(0))
        return refund["currency"] == paid["currency"] and wanted <= Decimal(paid["amount"])

    def _run(self, statement: str, *values: Any) -> None:
        with self._lock:
            self._database.execute(statement, values)

    def _one(self, statement: str, *values: Any) -> Row | None:
        return next(iter(self._all(statement, *values)), None)

    def _all(self, statement: str, *values: Any) -> list[Row]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()
