"""The HTTP application. Nothing is wired here: `create_app` is given everything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Request, request
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import MapAdapter

from api import account_pages, cookies, headers, json_body, limits, metrics, openapi, pages, problems, tracing
from api.api_keys import ApiKeys
from api.console import pages as console
from api.edge import EXTENSION, ApiOptions, Edge, Reads, edge
from api.framing import must_be_well_formed, must_have_length
from api.graph import pages as graph_pages
from api.graph import server as graph
from api.headers import Headers
from api.resources import (
    analytics,
    api_keys,
    audit,
    audit_bundles,
    audit_states,
    auth,
    bookings,
    calendar_feeds,
    calendars,
    changes,
    clock,
    email_verification,
    health,
    host_accounts,
    messages,
    notifications,
    oidc,
    operator,
    operator_hosts,
    operator_payments,
    operator_users,
    passwords,
    payments,
    personal_data,
    photos,
    proofs,
    properties,
    provider_webhooks,
    published_calendars,
    quotes,
    reviews,
    second_factors,
    sessions,
    statements,
    users,
    webhook_endpoints,
)
from api.tokens import Tokens
from application.lodger import Lodger

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_HERE: Final = str(Path(__file__).parent)


class Api(Flask):
    """Flask, and around it what is the same for every request: its id, its log line, its headers, what is counted."""

    always: Headers

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Nothing here is a coroutine; Flask would look again at each call of a view or hook."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Routes by path and method. Hosts decide nothing here, and Flask would read and encode each twice."""
        if request is None:
            return None
        environ = request.environ
        return self.url_map.bind(
            "",
            subdomain="",
            default_method=environ["REQUEST_METHOD"],
            path_info=environ["PATH_INFO"].encode("latin-1").decode(errors="replace"),
        )

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """The answer in one piece: what comes as an iterator, granian sends through a channel, bit by bit."""
        trace = tracing.begin(environ)

        def start(status: str, given: list[tuple[str, str]], *exc_info: Any) -> Any:
            code, method = int(status[:3]), environ["REQUEST_METHOD"]
            self.always.complete(environ, code, given)
            limits.tell(trace, given)
            given.append((tracing.HEADER, trace.request_id))
            metrics.count_answer(method, trace.route, code, trace.seconds)
            tracing.log_answer(trace, method, code)
            return start_response(status, given, *exc_info)

        asked = self.always.preflight(environ)
        pieces = start("204 No Content", asked) or [] if asked else super().wsgi_app(environ, start)
        try:
            return [b"".join(pieces)]
        finally:
            if close := getattr(pieces, "close", None):
                close()
            tracing.end()

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Note the rule that matched, if one did, count who calls, and refuse what is no proper request."""
        rule = request_ctx.request.url_rule
        tracing.current().route = rule.rule if rule else None
        options = edge().options
        options.limiter.count_address()
        must_be_well_formed(request.environ, options.url_limit)
        if not options.chunked_bodies:
            must_have_length(request)
        return super().preprocess_request()


def create_app(lodger: Lodger, reads: Reads, options: ApiOptions) -> Flask:
    """The WSGI application.

    `reads` opens a psycopg2 connection in autocommit for the queries of `projections` (a `Database.connection` does).
    What `options` needs is said at `ApiOptions`.
    """
    app = Api("lodger", template_folder="templates", static_folder=None, root_path=_HERE)
    app.always = Headers(options.issuer, options.allowed_origins)
    json_body.allow(app, options.body_limit)
    app.url_map.merge_slashes = False
    tokens = Tokens(options.token_keys, options.issuer, lodger.revocations)
    app.extensions[EXTENSION] = Edge(lodger, reads, options, tokens, ApiKeys(lodger))
    headers.register(app)
    problems.register(app)
    nouns = [
        users,
        auth,
        oidc,
        email_verification,
        passwords,
        sessions,
        second_factors,
        properties,
        photos,
        calendars,
        calendar_feeds,
        published_calendars,
        quotes,
        bookings,
        reviews,
        messages,
        payments,
        personal_data,
        host_accounts,
        statements,
        analytics,
        audit,
        audit_bundles,
        audit_states,
        provider_webhooks,
        changes,
        webhook_endpoints,
        api_keys,
        notifications,
        operator,
        operator_hosts,
        operator_payments,
        operator_users,
        proofs,
        health,
        *([clock] if options.sandbox is not None else []),
    ]
    for noun in nouns:
        app.register_blueprint(noun.resource)
    openapi.serve(app, [noun.resource for noun in nouns], cookies.name(plain=options.plain_cookies))
    app.register_blueprint(pages.docs)
    app.register_blueprint(account_pages.pages)
    app.register_blueprint(graph.resource)
    app.register_blueprint(graph_pages.pages)
    app.register_blueprint(console.pages)
    if options.sandbox is not None:
        app.register_blueprint(pages.sandbox)
    if options.trusted_proxies:
        behind: Any = ProxyFix(app.wsgi_app, x_for=options.trusted_proxies, x_proto=0)
        app.wsgi_app = behind  # type: ignore[method-assign]
    return app
