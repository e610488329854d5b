"""Callbacks: sent once, unsigned, never again whatever is answered; and otherwise when a test wants it so."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

from fakes.mtn_momo.ledger import Ledger, Row


@dataclass
class Callbacks:
    """How callbacks are sent. Of what comes from now on they are sent `times` times, `after_ms` late: once in life."""

    ledger: Ledger
    method: str = "PUT"
    times: int = 1
    after_ms: int = 0

    def run(self) -> None:
        """Settle what is due and say so, for ever, in a thread of its own."""
        Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            self.ledger.settle_due()
            for row in self.ledger.callbacks_due():
                for _ in range(row["callbacks"]):
                    Thread(target=self._send, args=[row], daemon=True).start()
            time.sleep(0.02)

    def _send(self, row: Row) -> None:
        body = json.dumps(shown(row)).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(row["callback_url"], body, headers, method=self.method)  # noqa: S310 - of the provisioned host
        with suppress(OSError, HTTPException), urlopen(request, timeout=5):  # noqa: S310
            pass


def shown(row: Row) -> dict[str, Any]:
    """A request as its status and its callback show it."""
    party = "payee" if row["kind"] == "transfer" else "payer"
    status = row["said"] or row["status"]
    reason = row["said_reason"] if row["said"] else row["reason"]
    answer: dict[str, Any] = {
        "externalId": row["external_id"],
        "amount": row["amount"],
        "currency": row["currency"],
        party: {"partyIdType": "MSISDN", "partyId": row["msisdn"]},
        "payerMessage": row["payer_message"],
        "payeeNote": row["payee_note"],
        "status": status,
    }
    if status == "SUCCESSFUL":
        answer["financialTransactionId"] = str(1_000_000 + row["id"])
    if reason is not None:
        answer["reason"] = json.loads(reason) if reason.startswith("{") else reason
    return answer
