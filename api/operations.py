"""How an operation is declared, once: who may call it, what comes in, what goes out. OpenAPI is made from the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any, Final, Literal, TypeVar, cast

from flask import Request, Response, request
from flask.globals import request_ctx
from flask_smorest import Blueprint  # type: ignore[import-untyped]
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from api.answers import sent as answered
from api.audit_reads import keep_read
from api.authentication import Who, admit
from api.commands import KEY_HEADER, POSITION_HEADER, REPLAYED_HEADER, must_have_key
from api.csv_tables import CSV
from api.edge import edge
from api.json_body import raw_body, read_json
from api.limits import Name

Method = Literal["POST", "PUT", "PATCH", "DELETE"]
Key = Literal["honoured", "required"]
View = TypeVar("View", bound=Callable[..., Any])

_ITS_OWN: Final = ""
"""For `scope`: that of the resource."""

_ALWAYS_POSSIBLE: Final = (400, 406, 429, 500, 503)
_WITH_BODY: Final = (413, 415, 422)
PICTURES: Final = ("image/jpeg", "image/png", "image/webp")


class StrictParser(FlaskParser):
    """Refuses query parameters as schemas and JSON do fields: unknown ones, and one said twice where one is meant."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {"query": RAISE}  # noqa: RUF012

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """Raises ValidationError. The library would take the first and not tell."""
        parameters = super().load_querystring(req, schema)
        several = {name for name, values in req.args.lists() if len(values) > 1} - parameters.multiple_keys
        if several:
            raise ValidationError({name: ["Is said more than once."] for name in sorted(several)})
        return parameters


class Resource(Blueprint):  # type: ignore[misc]
    """The operations of one noun.

    `scope` is what API keys for it are given: "bookings" makes `bookings:read` and `bookings:write`. Without one no key
    is let in: what concerns the account itself is for people. An operation may have another than its resource's.

    Of a resource that is `kept` each request is kept before it is answered: who asks, and for what.
    """

    ARGUMENTS_PARSER = StrictParser()

    def __init__(
        self, name: str, import_name: str, *, scope: str | None = None, kept: bool = False, **given: Any
    ) -> None:
        super().__init__(name, import_name, **given)
        self._scope = scope
        self._kept = kept

    def query(
        self,
        rule: str,
        answers: type[Schema],
        *,
        arguments: type[Schema] | None = None,
        who: Who = "user",
        waits: bool = False,
        table: bool = False,
        scope: str | None = _ITS_OWN,
        returns: Sequence[str] = (),
        refuses: Sequence[int] = (),
    ) -> Callable[[View], View]:
        """A read that changes nothing. The view returns what `answers` dumps, or (that, headers).

        `waits` says that it reads a read model, and waits for the position it is sent; `returns` names headers. A
        `table` is answered as CSV too: then the view returns the response.
        """
        statuses = [*refuses, *([422] if arguments else [])]
        headers = [_POSITION_SENT] if waits else []

        def declare(view: View) -> View:
            operation: Any = _dumped(view, answers)
            if arguments is not None:
                operation = self.arguments(arguments(), location="query")(operation)
            named = [*returns, *(["Link"] if table else [])]
            described = self.response(200, answers, headers={name: _RETURNED[name] for name in named} or None)
            if table:
                operation = self.alt_response(200, schema={"type": "string"}, content_type=CSV)(operation)
            self.route(rule, methods=["GET"])(
                self._declared(operation, described, who, "read", headers, statuses, scope=scope)
            )
            return view

        return declare

    def document(
        self,
        rule: str,
        media_type: str,
        *,
        arguments: type[Schema] | None = None,
        who: Who = "anyone",
        returns: Sequence[str] = (),
        refuses: Sequence[int] = (),
    ) -> Callable[[View], View]:
        """A read whose answer is not JSON. The view returns the response."""

        def declare(view: View) -> View:
            operation: Any = view
            if arguments is not None:
                operation = self.arguments(arguments(), location="query")(operation)
            headers = {name: _RETURNED[name] for name in returns}
            described = self.response(200, {"type": "string"}, content_type=media_type, headers=headers or None)
            statuses = [*refuses, *([422] if arguments else [])]
            self.route(rule, methods=["GET"])(self._declared(operation, described, who, "read", [], statuses))
            return view

        return declare

    def navigation(
        self, rule: str, *, parameters: Sequence[dict[str, Any]] = (), refuses: Sequence[int] = ()
    ) -> Callable[[View], View]:
        """An address that a browser is sent to, by anybody, and on from there. The view returns the redirect."""

        def declare(view: View) -> View:
            described = self.response(
                303, headers={"Location": {**_RETURNED["Location"], "description": "Where to go."}}
            )
            self.route(rule, methods=["GET"])(
                self._declared(view, described, "anyone", "read", [*parameters], [*refuses])
            )
            return view

        return declare

    def command(
        self,
        method: Method,
        rule: str,
        answers: type[Schema] | None,
        *,
        body: type[Schema] | None = None,
        optional: bool = False,
        arguments: type[Schema] | None = None,
        example: dict[str, Any] | None = None,
        status: int = 200,
        who: Who = "user",
        key: Key | None = "honoured",
        if_match: bool = False,
        verified: bool = False,
        scope: str | None = _ITS_OWN,
        returns: Sequence[str] = (),
        refuses: Sequence[int] = (),
    ) -> Callable[[View], View]:
        """Something that takes effect. The view returns the response of `commands.carry_out`.

        `key` None is for what keeps no answer; `verified` asks for a verified address; `returns` names further headers
        of the answer.
        """
        statuses = [*refuses, *(_WITH_BODY if body else ())]
        statuses += [422] if arguments or key else []
        statuses += [409] if key else []
        statuses += [412, 428] if if_match else []
        statuses += [403] if verified else []
        sent = [*([_KEY_SENT[key]] if key else []), *([_IF_MATCH_SENT] if if_match else [])]
        returned = {name: _RETURNED[name] for name in (*((POSITION_HEADER, REPLAYED_HEADER) if key else ()), *returns)}

        def declare(view: View) -> View:
            operation: Any = view
            if body is not None:
                operation = self._reading(operation, body(), required=not optional, example=example)
            if arguments is not None:
                operation = self.arguments(arguments(), location="query")(operation)
            operation = _keyed(operation) if key == "required" else operation
            described = self.response(status, answers, headers=returned or None)
            declared = self._declared(
                operation, described, who, "write", sent, statuses, verified=verified, scope=scope
            )
            self.route(rule, methods=[method])(declared)
            return view

        return declare

    def upload(
        self,
        method: Method,
        rule: str,
        answers: type[Schema],
        *,
        status: int = 200,
        key: Key | None = "honoured",
        scope: str | None = _ITS_OWN,
        returns: Sequence[str] = (),
        refuses: Sequence[int] = (),
    ) -> Callable[[View], View]:
        """A command whose body is a picture: the view gets the file's bytes first."""
        files = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in PICTURES}

        def declare(view: View) -> View:
            @wraps(view)
            def reading(*args: Any, **kwargs: Any) -> Any:
                request.max_content_length = edge().options.photo_limit + 1  # see json_body.raw_body
                if request.mimetype not in PICTURES:
                    raise UnsupportedMediaType(f"Send a picture: {', '.join(PICTURES)}.")
                return view(raw_body(request), *args, **kwargs)

            described = _documented(reading, {"requestBody": {"required": True, "content": files}})
            refused = [*refuses, *_WITH_BODY]
            command = self.command(
                method, rule, answers, status=status, key=key, scope=scope, returns=returns, refuses=refused
            )
            command(described)
            return view

        return declare

    def delivery(self, rule: str, *, limit: int, refuses: Sequence[int] = ()) -> Callable[[View], View]:
        """What another company sends, by POST or PUT: at most `limit` bytes, which the view reads as they are.

        Whether it is truly that company's is in what it sends. The answer has no body.
        """
        body = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}

        def declare(view: View) -> View:
            @wraps(view)
            def limited(*args: Any, **kwargs: Any) -> Any:
                request.max_content_length = limit + 1  # see json_body.raw_body
                return view(*args, **kwargs)

            described = self.response(200)
            declared = self._declared(limited, described, "anyone", "write", [], [*refuses, 413])
            self.route(rule, methods=["POST", "PUT"])(_documented(declared, {"requestBody": body}))
            return view

        return declare

    def _reading(
        self, view: Callable[..., Any], body: Schema, *, required: bool, example: dict[str, Any] | None
    ) -> Callable[..., Any]:
        """The view with its body in front, described by the library and read past it, which takes a tenth of the time.

        Raises what `read_json` does, and ValidationError.
        """

        @wraps(self.arguments(body, required=required, example=example)(view))
        def reading(*args: Any, **kwargs: Any) -> Any:
            sent = read_json(request_ctx.request)  # itself: each look through `request` costs
            return view(body.load({} if sent is None else sent), *args, **kwargs)

        return reading

    def _declared(
        self,
        operation: Callable[..., Any],
        described: Callable[[Any], Any],
        who: Who,
        deed: Literal["read", "write"],
        headers: list[dict[str, Any]],
        statuses: list[int],
        *,
        verified: bool = False,
        scope: str | None = _ITS_OWN,
    ) -> Callable[..., Any]:
        """The operation behind its guard, with the description that the library's decorators make.

        Each of those also wraps the call, a dozen times in the end: calls go past them.
        """
        noun = self._scope if scope == _ITS_OWN else scope
        needed = f"{noun}:{deed}" if noun else None
        if who != "anyone":
            may_be_refused = needed or deed == "write" or who not in ("viewer", "user")
            statuses = [*statuses, 401, *([403] if may_be_refused else [])]
        description = described(operation)
        for status in sorted({*statuses, *_ALWAYS_POSSIBLE}):
            description = self.alt_response(status, response=HTTPStatus(status).name)(description)
        documented: dict[str, Any] = {"security": _security(who, deed, needed)}
        if headers:
            documented["parameters"] = headers
        guarded: Any = _guarded(operation, who, needed, verified, kept=self._kept)
        guarded._apidoc = _documented(description, documented)._apidoc
        return cast("Callable[..., Any]", guarded)


def limited(name: Name) -> Callable[[View], View]:
    """Count each call of the view, too, among those that its address may make of its kind."""

    def declare(view: View) -> View:
        @wraps(view)
        def counted(*args: Any, **kwargs: Any) -> Any:
            edge().options.limiter.count(name)
            return view(*args, **kwargs)

        return cast("View", counted)

    return declare


def _security(who: Who, deed: Literal["read", "write"], scope: str | None) -> list[dict[str, list[str]]]:
    """What lets somebody in, each by itself: with a session's cookie only a write needs the token beside it."""
    if who == "anyone":
        return []
    found: list[dict[str, list[str]]] = [{}] if who == "viewer" else []
    found.append({"access_token": []})
    found.append({"session": [], "csrf_token": []} if deed == "write" else {"session": []})
    if who not in ("viewer", "user"):
        found.append({"operator_token": []})
    if scope:
        found.append({"api_key": [scope]})
    return found


def _guarded(
    view: Callable[..., Any], who: Who, scope: str | None, verified: bool, *, kept: bool
) -> Callable[..., Any]:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        admit(who, scope, verified=verified)
        if kept:
            keep_read()
        return view(*args, **kwargs)

    return guarded


def _keyed(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def keyed(*args: Any, **kwargs: Any) -> Any:
        must_have_key()
        return view(*args, **kwargs)

    return keyed


def _dumped(view: Callable[..., Any], schema: type[Schema]) -> Callable[..., Response]:
    @wraps(view)
    def dumped(*args: Any, **kwargs: Any) -> Response:
        result = view(*args, **kwargs)
        if isinstance(result, Response):
            return result
        shown, headers = result if isinstance(result, tuple) else (result, {})
        return answered(schema, shown, **headers)

    return dumped


def _documented(view: Any, doc: dict[str, Any]) -> Any:
    """`Blueprint.doc` would replace the parameters that a query's schema has; these join them."""
    parameters = doc.pop("parameters", [])
    if parameters:
        view._apidoc.setdefault("arguments", {}).setdefault("parameters", []).extend(parameters)
    return Resource.doc(**doc)(view)


def _header(name: str, description: str, *, required: bool, schema: dict[str, Any]) -> dict[str, Any]:
    return {"in": "header", "name": name, "description": description, "required": required, "schema": schema}


_KEY_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}
_KEY_SENT: Final[dict[str, dict[str, Any]]] = {
    kind: _header(
        KEY_HEADER,
        "Made up by you for this one wish: sent again with the same body it gets the same answer and happens once.",
        required=kind == "required",
        schema=_KEY_TEXT,
    )
    for kind in ("honoured", "required")
}
_IF_MATCH_SENT: Final = _header(
    "If-Match", "The ETag of what you saw.", required=True, schema={"type": "string", "pattern": '^"[1-9][0-9]{0,8}"$'}
)
_POSITION_SENT: Final = _header(
    POSITION_HEADER,
    "From a command's answer: the list is then not older than that command.",
    required=False,
    schema={"type": "string", "pattern": "^[0-9]{1,18}$"},
)
_RETURNED: Final[dict[str, dict[str, Any]]] = {
    POSITION_HEADER: {
        "description": "Where in the log this was committed. Lists that are sent it are not older.",
        "schema": {"type": "integer"},
    },
    REPLAYED_HEADER: {
        "description": '"true" when this answer was given before.',
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Link": {"description": 'Of CSV: where the next page is, `rel="next"`.', "schema": {"type": "string"}},
    "Content-Disposition": {"description": "A name for the file.", "schema": {"type": "string"}},
    "Location": {"description": "Where the new thing is.", "schema": {"type": "string"}},
    "ETag": {"description": "The version shown: send it as If-Match to change it.", "schema": {"type": "string"}},
}
