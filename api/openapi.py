"""OpenAPI 3.1 from the same declarations that serve requests."""

from __future__ import annotations

import http
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from flask import Flask, Response
from flask_smorest import Api  # type: ignore[import-untyped]
from marshmallow import fields

from api import problems
from api.cookies import CSRF_HEADER
from api.operations import Resource
from api.schemas.fields import MONEY_SCHEMA, Documented, Strict

_ABOUT: Final = """\
Book stays, host them, pay for them, and replay everything that happened.

**Signing in**: `POST /v1/auth/tokens`, then send `Authorization: Bearer …`. A browser takes `POST /v1/sessions`
instead, which gives it a cookie; with whatever changes something it sends the session's token as `X-CSRF-Token`.
**Money** is a decimal string and a currency, never a float. **Dates** are local dates of the property; a stay is
`check_in` until, and without, `check_out`. **References** (`property`, `guest`, `booking` …) are ids.
**Trying again** is safe with an `Idempotency-Key`. **Reading your own writes**: send a list the `Lodger-Position`
that your command answered. **Errors** are problem details (RFC 9457) with a stable `type`. **GraphQL**, for the same
as one graph, is at `/graphql`; it has a schema of its own, `/graphql/schema.graphql`, and is not described here.
"""


_RETRY: Final = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
_HEADERS: Final[Mapping[int, dict[str, Any]]] = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    405: {"Allow": {"required": True, "schema": {"type": "string"}}},
    409: _RETRY,
    429: _RETRY,
    503: _RETRY,
}


class ProblemSchema(Strict):
    """Problem details (RFC 9457). Further members say more about the `type`."""

    type = fields.String(required=True, metadata={"description": "Stable; leads to a page about it."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True, metadata={"description": "This request, as our log knows it."})
    errors = fields.Dict(keys=fields.String(), metadata={"description": "Messages by field."})

    class Meta:
        unknown = "include"  # extension members


class LodgerApi(Api):  # type: ignore[misc]
    """flask-smorest with our errors."""

    ERROR_SCHEMA = ProblemSchema

    def _register_responses(self) -> None:
        """The library's own would promise application/json."""
        for status in http.HTTPStatus:
            if status >= 400:
                response = {**_problem(status.phrase), "headers": _HEADERS.get(status, {})}
                self.spec.components.response(status.name, response, lazy=True)
        self.spec.components.response("DEFAULT_ERROR", _problem("Any other error"), lazy=True)


def serve(app: Flask, resources: Iterable[Resource], cookie: str) -> None:
    """Describe the resources at /openapi.json. `cookie` names browsers' sessions.

    The description is made when it is first asked for: it takes longer than everything else of an app.
    """

    @cache
    def text() -> str:
        return describe(resources, cookie)

    app.add_url_rule("/openapi.json", "openapi", lambda: Response(text(), mimetype="application/json"))


def describe(resources: Iterable[Resource], cookie: str) -> str:
    """The description as JSON, made by an app that serves nothing: one that does takes no routes any more."""
    app = Flask("description", static_folder=None)
    app.config.update(
        API_TITLE="Lodger",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {"description": _ABOUT, "license": {"name": "MIT", "identifier": "MIT"}},
            "servers": [{"url": "/"}],
        },
    )
    api = LodgerApi(app)
    _name_components(api.spec.components, cookie)
    api.ma_plugin.converter.add_attribute_function(_own_field)
    for resource in resources:
        api.register_blueprint(resource)
    return app.json.dumps(api.spec.to_dict(), indent=2, sort_keys=False)


def _name_components(components: Any, cookie: str) -> None:
    components.schema("Money", MONEY_SCHEMA)
    components.security_scheme("access_token", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    components.security_scheme(
        "operator_token", {"type": "http", "scheme": "bearer", "description": "The operator's token."}
    )
    components.security_scheme("api_key", {"type": "http", "scheme": "bearer", "description": "A key with this scope."})
    components.security_scheme(
        "session", {"type": "apiKey", "in": "cookie", "name": cookie, "description": "A browser's session."}
    )
    components.security_scheme(
        "csrf_token",
        {"type": "apiKey", "in": "header", "name": CSRF_HEADER, "description": "The session's `csrf_token`."},
    )


def _own_field(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """apispec asks this of every field: ours answer for themselves."""
    if not isinstance(field, Documented):
        return {}
    if not field.allow_none:
        return dict(field.openapi)
    if "$ref" in field.openapi:
        return {"anyOf": [field.openapi, {"type": "null"}]}
    return {**field.openapi, "type": [field.openapi["type"], "null"]}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {problems.MIMETYPE: {"schema": ProblemSchema}}}
