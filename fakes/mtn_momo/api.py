"""MTN's own addresses: provisioning, tokens, requests to pay, refunds, transfers."""

from __future__ import annotations

import base64
import binascii
import re
import socket
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from flask import Blueprint, Response, jsonify, request

from fakes.mtn_momo.callbacks import Callbacks, shown
from fakes.mtn_momo.failpoints import Failpoints
from fakes.mtn_momo.ledger import Asked, Duplicate, Ledger, now_ms
from fakes.mtn_momo.wallets import Wallets

_AMOUNT: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?", re.ASCII)


class Refusal(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = (status, {"code": code, "message": message})


class Api:
    """The answers. `keys` are the subscription keys by product; tokens live `expires_in` seconds."""

    def __init__(
        self, ledger: Ledger, wallets: Wallets, failpoints: Failpoints, callbacks: Callbacks, keys: dict[str, str]
    ) -> None:
        self._ledger = ledger
        self._callbacks = callbacks
        self._wallets = wallets
        self._failpoints = failpoints
        self._keys = keys
        self.expires_in = 3600

    def blueprint(self) -> Blueprint:
        routes = Blueprint("mtn_momo", __name__)
        routes.post("/v1_0/apiuser")(self.provision)
        routes.post("/v1_0/apiuser/<user>/apikey")(self.give_key)
        routes.post("/<any(collection, disbursement):product>/token/")(self.token)
        for product, kind in (("collection", "requesttopay"), ("disbursement", "refund"), ("disbursement", "transfer")):
            routes.post(f"/{product}/v1_0/{kind}", endpoint=kind)(self._asking(product, kind))
            routes.get(f"/{product}/v1_0/{kind}/<reference>", endpoint=f"{kind}_status")(self._telling(product, kind))
        routes.register_error_handler(Refusal, lambda refusal: _answer(*refusal.answer))
        return routes

    def provision(self) -> Response:
        host = _body().get("providerCallbackHost")
        if not isinstance(host, str) or not host:
            raise Refusal(400, "BAD_REQUEST", "providerCallbackHost is missing.")
        try:
            self._ledger.add_user(_reference(), host)
        except Duplicate:
            raise _exists() from None
        return Response(status=201)

    def give_key(self, user: str) -> Response:
        if self._ledger.user(user) is None:
            raise _unknown()
        key = uuid4().hex
        self._ledger.give_key(user, key)
        return _answer(201, {"apiKey": key})

    def token(self, product: str) -> Response:
        self._must_subscribe(product)
        user, _, key = _basic(request.headers.get("Authorization", "")).partition(":")
        known = self._ledger.user(user)
        if known is None or known["key"] is None or known["key"] != key:
            return _answer(401, {"error": "login_failed"})

        def act() -> Response:
            token = uuid4().hex
            self._ledger.add_token(token, user, product, now_ms() + self.expires_in * 1000)
            said = {"access_token": token, "token_type": "access_token", "expires_in": self.expires_in}
            return _answer(200, said)

        return self._with_failpoint("token", act)

    def _asking(self, product: str, kind: str) -> Callable[[], Response]:
        def ask() -> Response:
            user = self._must_be_allowed(product)
            return self._with_failpoint(kind, lambda: self._take(kind, user))

        return ask

    def _telling(self, product: str, kind: str) -> Callable[[str], Response]:
        def tell(reference: str) -> Response:
            self._must_be_allowed(product)
            return self._with_failpoint(f"{kind}_status", lambda: self._tell(kind, reference))

        return tell

    def _take(self, kind: str, user: str) -> Response:
        reference, body = _reference(), _body()
        callback_url = request.headers.get("X-Callback-Url")
        if callback_url is not None and urlsplit(callback_url).hostname != self._host_of(user):
            raise Refusal(500, "INVALID_CALLBACK_URL_HOST", "The callback's host is not the provisioned one.")
        if not all(isinstance(body.get(name), str) for name in ("amount", "currency", "externalId")):
            raise Refusal(400, "BAD_REQUEST", "amount, currency and externalId are strings.")
        if not _AMOUNT.fullmatch(body["amount"]) or not body["amount"].strip("0."):
            raise Refusal(400, "BAD_REQUEST", "The amount is no positive decimal.")
        if request.headers.get("X-Target-Environment") == "sandbox" and body["currency"] != "EUR":
            raise Refusal(500, "INVALID_CURRENCY", "Currency not supported.")
        msisdn, refunds = self._party(kind, body)
        asked = Asked(
            reference=reference,
            kind=kind,
            external_id=body["externalId"],
            amount=body["amount"],
            currency=body["currency"],
            msisdn=msisdn,
            payer_message=str(body.get("payerMessage", "")),
            payee_note=str(body.get("payeeNote", "")),
            callback_url=callback_url,
            callbacks=self._callbacks.times,
            callbacks_after_ms=self._callbacks.after_ms,
            refunds=refunds,
        )
        try:
            self._ledger.add(asked, self._wallets.plan(kind, msisdn))
        except Duplicate:
            raise _exists() from None
        return Response(status=202)

    def _party(self, kind: str, body: dict[str, Any]) -> tuple[str, str | None]:
        """Whose phone it is, and which payment is sent back."""
        if kind == "refund":
            paid = self._ledger.transaction(str(body.get("referenceIdToRefund")))
            if paid is None:
                raise _unknown()
            return paid["msisdn"], paid["reference"]
        party = body.get("payee" if kind == "transfer" else "payer")
        if not isinstance(party, dict) or party.get("partyIdType") != "MSISDN":
            raise Refusal(400, "BAD_REQUEST", "A party with an MSISDN is needed.")
        msisdn = str(party.get("partyId"))
        if not re.fullmatch(r"[1-9][0-9]{6,14}", msisdn, re.ASCII):
            raise Refusal(400, "BAD_REQUEST", "An MSISDN is the international number without a plus.")
        return msisdn, None

    def _tell(self, kind: str, reference: str) -> Response:
        self._ledger.settle_due()
        row = self._ledger.transaction(reference)
        if row is None or row["kind"] != kind:
            raise _unknown()
        return _answer(200, shown(row))

    def _host_of(self, user: str) -> str | None:
        known = self._ledger.user(user)
        return known["host"] if known else None

    def _must_subscribe(self, product: str) -> None:
        if request.headers.get("Ocp-Apim-Subscription-Key") != self._keys[product]:
            raise Refusal(401, "ACCESS_DENIED", "Access denied due to invalid subscription key.")

    def _must_be_allowed(self, product: str) -> str:
        """The user of a good token for the product."""
        self._must_subscribe(product)
        if not request.headers.get("X-Target-Environment"):
            raise Refusal(400, "BAD_REQUEST", "X-Target-Environment is missing.")
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        good = self._ledger.token(token, product) if scheme == "Bearer" else None
        if good is None:
            raise Refusal(401, "TOKEN_EXPIRED", "The access token is not valid.")
        return str(good["user"])

    def _with_failpoint(self, operation: str, act: Callable[[], Response]) -> Response:
        failure = self._failpoints.next(operation)
        if failure is None:
            return act()
        answered = _whatever_comes_of(act) if failure.acts else None
        time.sleep(failure.delay_ms / 1000)
        if failure.status is not None:
            return _answer(failure.status, {"code": failure.code, "message": "A failpoint."} if failure.code else {})
        if failure.delay_ms and answered is not None:
            return answered  # late, not never
        request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return Response(status=500)  # nobody hears it


def _answer(status: int, body: dict[str, Any]) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response


def _whatever_comes_of(act: Callable[[], Response]) -> Response:
    try:
        return act()
    except Refusal as refusal:
        return _answer(*refusal.answer)


def _exists() -> Refusal:
    return Refusal(409, "RESOURCE_ALREADY_EXIST", "Duplicated reference id. Creation of resource failed.")


def _unknown() -> Refusal:
    return Refusal(404, "RESOURCE_NOT_FOUND", "Requested resource was not found.")


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Refusal(400, "BAD_REQUEST", "The body is no JSON object.")
    return body


def _reference() -> str:
    """X-Reference-Id, which is a UUID of version 4."""
    given = request.headers.get("X-Reference-Id", "")
    try:
        reference = UUID(given)
    except ValueError:
        reference = UUID(int=0)
    if reference.version != 4 or str(reference) != given:
        raise Refusal(400, "BAD_REQUEST", "X-Reference-Id is no UUID of version 4.")
    return given


def _basic(header: str) -> str:
    scheme, _, value = header.partition(" ")
    try:
        return base64.b64decode(value, validate=True).decode() if scheme == "Basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""
