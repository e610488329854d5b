"""The fake over HTTP: whose call it is, Idempotency-Key, failpoints, and which function answers."""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from flask import Flask, Response, redirect, render_template_string, request

from fakes.stripe import connect, control, disputes, ledger, payment_intents, refunds
from fakes.stripe.calls import Call, Refusal
from fakes.stripe.failpoints import Failpoint, Failpoints
from fakes.stripe.store import Object, Store

API: list[tuple[str, str, str, Callable[..., Object]]] = [
    ("POST", "/v1/payment_intents", "payment_intents.create", payment_intents.create),
    ("GET", "/v1/payment_intents", "payment_intents.list", payment_intents.listed),
    ("GET", "/v1/payment_intents/<identifier>", "payment_intents.retrieve", payment_intents.retrieve),
    ("POST", "/v1/payment_intents/<identifier>/confirm", "payment_intents.confirm", payment_intents.confirm),
    ("POST", "/v1/payment_intents/<identifier>/capture", "payment_intents.capture", payment_intents.capture),
    ("POST", "/v1/payment_intents/<identifier>/cancel", "payment_intents.cancel", payment_intents.cancel),
    ("POST", "/v1/refunds", "refunds.create", refunds.create),
    ("GET", "/v1/refunds", "refunds.list", refunds.listed),
    ("GET", "/v1/refunds/<identifier>", "refunds.retrieve", refunds.retrieve),
    ("GET", "/v1/disputes", "disputes.list", disputes.listed),
    ("GET", "/v1/disputes/<identifier>", "disputes.retrieve", disputes.retrieve),
    ("GET", "/v1/balance_transactions", "balance_transactions.list", ledger.listed),
    ("GET", "/v1/balance_transactions/<identifier>", "balance_transactions.retrieve", ledger.retrieve),
    ("POST", "/v1/accounts", "accounts.create", connect.create_account),
    ("GET", "/v1/accounts/<identifier>", "accounts.retrieve", connect.retrieve_account),
    ("POST", "/v1/account_links", "account_links.create", connect.create_account_link),
    ("POST", "/v1/transfers", "transfers.create", connect.create_transfer),
    ("GET", "/v1/transfers", "transfers.list", connect.list_transfers),
    ("GET", "/v1/transfers/<identifier>", "transfers.retrieve", connect.retrieve_transfer),
    ("POST", "/v1/transfers/<identifier>/reversals", "transfers.reverse", connect.reverse_transfer),
    ("GET", "/v1/transfers/<identifier>/reversals", "transfers.reversals", connect.list_reversals),
    ("GET", "/v1/transfers/<_>/reversals/<identifier>", "transfers.reversal", connect.retrieve_reversal),
    ("POST", "/v1/payouts", "payouts.create", connect.create_payout),
    ("GET", "/v1/payouts", "payouts.list", connect.list_payouts),
    ("GET", "/v1/payouts/<identifier>", "payouts.retrieve", connect.retrieve_payout),
]

CONTROL: list[tuple[str, str, Callable[..., Object]]] = [
    ("GET", "/fake/ledger", control.show_ledger),
    ("GET", "/fake/payouts", control.show_payouts),
    ("GET", "/fake/events", control.show_events),
    ("POST", "/fake/events/<identifier>/resend", control.resend),
    ("POST", "/fake/webhooks", control.set_webhooks),
    ("POST", "/fake/topups", control.top_up),
    ("POST", "/fake/disputes", control.open_dispute),
    ("POST", "/fake/disputes/<identifier>", control.close_dispute),
    ("POST", "/fake/refunds/<identifier>", control.settle_refund),
    ("POST", "/fake/payouts/<identifier>", control.settle_payout),
    ("POST", "/fake/accounts/<identifier>/complete", control.complete_account),
    ("POST", "/fake/payment_intents/<identifier>/lapse", control.lapse),
    ("POST", "/fake/payment_intents/<identifier>/challenge", control.challenge),
]

_CHALLENGE_PAGE = """<!doctype html><title>3D Secure</title><p>Did you order this?</p>
<form method="post">
<button name="passed" value="yes">Complete</button> <button name="passed" value="">Fail</button>
</form>
"""


def create_app(store: Store) -> Flask:
    app, failpoints = Flask(__name__), Failpoints()
    for method, path, name, handle in API:
        app.add_url_rule(path, name, _api(store, failpoints, name, handle), methods=[method])
    for method, path, tell in CONTROL:
        app.add_url_rule(path, f"{method} {path}", _control(store, tell), methods=[method])

    @app.errorhandler(Refusal)
    def refuse(refused: Refusal) -> Response:
        return _json(refused.status, refused.body)

    @app.post("/fake/failpoints")
    def set_failpoint() -> Response:
        return _json(200, control.failpoint(failpoints, request.get_json()))

    @app.delete("/fake/failpoints")
    def clear_failpoints() -> Response:
        failpoints.clear()
        return _json(200, {})

    @app.get("/3ds/<identifier>")
    def show_challenge(identifier: str) -> str:
        return render_template_string(_CHALLENGE_PAGE, identifier=identifier)

    @app.post("/3ds/<identifier>")
    def answer_challenge(identifier: str) -> Any:
        with store.transaction():
            intent = payment_intents.challenged(_call(store), identifier, bool(request.form.get("passed")))
        return redirect(intent["return_url"], 303) if intent["return_url"] else "Thank you."

    return app


def _api(store: Store, failpoints: Failpoints, name: str, handle: Callable[..., Object]) -> Callable[..., Response]:
    def answer(**arguments: str) -> Response:
        if not request.headers.get("Authorization", "").startswith(("Bearer sk_test_", "Bearer pk_test_")):
            raise Refusal(401, None, "Invalid API Key provided.")
        failpoint = failpoints.take(name)
        if failpoint and failpoint.kind == "busy":
            raise Refusal(429, "rate_limit", "Too many requests.")
        status, body, replayed = _answered(store, failpoint, lambda: handle(_call(store), **arguments))
        if failpoint and failpoint.kind in ("hang", "slow"):
            time.sleep(failpoint.seconds)
        if failpoint and failpoint.kind in ("hang", "close"):
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return _json(status, body, **({"Idempotent-Replayed": "true"} if replayed else {}))

    return answer


def _answered(store: Store, failpoint: Failpoint | None, handle: Callable[[], Object]) -> tuple[int, str, bool]:
    """Status and body, and whether they are a repeat. What was answered is kept in the transaction of the deed."""
    fails = failpoint is not None and failpoint.kind == "error"
    failure = Refusal(500, None, "An unknown error occurred.")
    key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
    account = request.headers.get("Stripe-Account", "")
    fingerprint = sha256(
        json.dumps([request.path, account, sorted(request.form.items(multi=True))]).encode()
    ).hexdigest()
    with store.transaction() as sql:
        kept = sql.execute("SELECT fingerprint, status, body FROM answers WHERE key = ?", [key]).fetchone()
        if kept and kept[0] != fingerprint:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with."
            )
            return 400, json.dumps(Refusal(400, None, message, kind="idempotency_error").body), False
        if kept:
            return kept[1], kept[2], True
        try:
            if failpoint and fails and not failpoint.acts:
                raise failure
            status, said, keep = 200, handle(), True
        except Refusal as refused:
            status, said, keep = refused.status, refused.body, refused.kept
        if fails:
            status, said, keep = failure.status, failure.body, True
        body = json.dumps(said, indent=2)
        if key and keep:
            sql.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", [key, fingerprint, status, body])
    return status, body, False


def _control(store: Store, tell: Callable[..., Object]) -> Callable[..., Response]:
    def answer(**arguments: str) -> Response:
        told = request.get_json(silent=True) or {}
        with store.transaction():
            return _json(200, tell(_call(store), told, **arguments))

    return answer


def _call(store: Store) -> Call:
    form = {**request.args.to_dict(), **request.form.to_dict()}
    return Call(store, request.headers.get("Stripe-Account"), form, request.host_url.rstrip("/"))


def _json(status: int, body: Object | str, **headers: str) -> Response:
    text = body if isinstance(body, str) else json.dumps(body, indent=2)
    headers["Request-Id"] = f"req_{secrets.token_hex(7)}"
    return Response(text, status, headers, content_type="application/json")
