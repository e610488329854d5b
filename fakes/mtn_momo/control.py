"""Levers for tests, and the ledger to look into. None of it is MTN's."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from fakes.mtn_momo.api import Api
from fakes.mtn_momo.callbacks import Callbacks
from fakes.mtn_momo.failpoints import Failpoints, Failure
from fakes.mtn_momo.ledger import Ledger
from fakes.mtn_momo.wallets import FAILED, PENDING, SUCCESSFUL, Plan, Wallets

_STATUSES = (PENDING, SUCCESSFUL, FAILED, "CREATED")


def control(ledger: Ledger, wallets: Wallets, failpoints: Failpoints, callbacks: Callbacks, api: Api) -> Blueprint:
    routes = Blueprint("control", __name__, url_prefix="/fake")

    @routes.get("/ledger")
    def show_ledger() -> Response:
        """Everything asked for, as it truly stands, what was moved by currency, and how many tokens were given."""
        ledger.settle_due()
        transactions = [dict(row) for row in ledger.transactions()]
        return jsonify(transactions=transactions, totals=ledger.totals(), tokens=ledger.tokens())

    @routes.put("/phones/<msisdn>")
    def tell(msisdn: str) -> Response:
        """How a phone answers: `{status, reason, after_ms, kind}`. PENDING waits until a test answers for it."""
        body = _body()
        plan = Plan(_status(body), body.get("reason"), int(body.get("after_ms", 0)))
        wallets.tell(str(body.get("kind", "requesttopay")), msisdn, plan)
        return Response(status=204)

    @routes.post("/transactions/<reference>")
    def answer(reference: str) -> Response:
        """The payer answers what waits: `{status, reason}`. 409 when it has ended already."""
        body = _body()
        settled = ledger.settle(reference, _status(body), body.get("reason"))
        return Response(status=204 if settled else 409)

    @routes.post("/transactions/<reference>/contradiction")
    def contradict(reference: str) -> Response:
        """From now on `{status, reason}` is said, whatever is true."""
        body = _body()
        ledger.contradict(reference, _status(body), body.get("reason"))
        return Response(status=204)

    @routes.post("/failpoints")
    def arm() -> Response:
        """`{operation, acts, status, code, delay_ms, times}`: operations are token, requesttopay, refund and transfer,
        and the last three with `_status` behind. Without a status it hangs up, or answers late where it has a delay.
        """
        body = _body()
        status = body.get("status")
        failure = Failure(
            acts=bool(body.get("acts", True)),
            status=None if status is None else int(status),
            code=body.get("code"),
            delay_ms=int(body.get("delay_ms", 0)),
        )
        failpoints.arm(str(body["operation"]), failure, int(body.get("times", 1)))
        return Response(status=204)

    @routes.delete("/failpoints")
    def disarm() -> Response:
        failpoints.clear()
        return Response(status=204)

    @routes.put("/callbacks")
    def call_back() -> Response:
        """`{method, times, after_ms}` of what comes from now on: PUT or POST; never, once, twice; at once or late."""
        body = _body()
        callbacks.method = str(body.get("method", "PUT"))
        callbacks.times = int(body.get("times", 1))
        callbacks.after_ms = int(body.get("after_ms", 0))
        return Response(status=204)

    @routes.put("/tokens")
    def tokens() -> Response:
        """`{expires_in}` for those to come; those that are out there are good no more."""
        api.expires_in = int(_body().get("expires_in", 3600))
        ledger.revoke_tokens()
        return Response(status=204)

    return routes


def _body() -> dict[str, Any]:
    body: dict[str, Any] = request.get_json(force=True)
    return body


def _status(body: dict[str, Any]) -> str:
    status = str(body.get("status", SUCCESSFUL))
    if status not in _STATUSES:
        raise ValueError(f"{status} is none of {_STATUSES}")
    return status
