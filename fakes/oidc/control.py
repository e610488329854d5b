"""The levers: who is logged in at the provider, what it does wrong, its keys, and what it was asked."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from fakes.oidc.provider import Conduct, Provider


def control(provider: Provider) -> Blueprint:
    routes = Blueprint("control", __name__, url_prefix="/fake")

    @routes.put("/person")
    def log_in() -> Response:
        provider.person = _body()
        return Response(status=204)

    @routes.put("/conduct")
    def behave() -> Response:
        """Everything that is left out is as it should be."""
        said = _body()
        said["mistakes"] = set(said.get("mistakes", ()))
        provider.conduct = Conduct(**said)
        return Response(status=204)

    @routes.post("/keys")
    def rotate() -> Response:
        provider.keys.rotate(withdraw=_body().get("withdraw", False))
        return Response(status=204)

    @routes.get("/asked")
    def tell() -> Response:
        return jsonify(provider.asked)

    return routes


def _body() -> dict[str, Any]:
    body = request.get_json()
    assert isinstance(body, dict)
    return body
