"""The WSGI application, wired from the environment: `infrastructure.wsgi:app`."""

from __future__ import annotations

import os
from functools import partial

from api.app import create_app
from api.edge import ApiOptions, Sandbox
from infrastructure import logs
from infrastructure.bootstrap import Wired, wire
from infrastructure.cache import cache
from infrastructure.clock import SandboxClock
from infrastructure.graph_limits import graph_limits
from infrastructure.rate_counts import limiter
from infrastructure.readiness import checks, keys_open
from infrastructure.settings import load


def options(wired: Wired) -> ApiOptions:
    """How the API is set up for these settings."""
    settings = wired.settings
    sandbox = None
    if wired.sandbox is not None and isinstance(wired.clock, SandboxClock):
        sandbox = Sandbox(wired.sandbox, wired.clock)
    return ApiOptions(
        token_keys=partial(wired.keyring.keys, "access token"),
        issuer=settings.public_url,
        operator_token=settings.operator_token,
        analysts=wired.analysts.transaction,
        audit_log=wired.auditing.keyless,
        audit_reads=wired.auditing.reads,
        audit_bundles=wired.auditing.bundles,
        former_operator_token=settings.operator_token_before,
        checks={**checks(wired.database, settings.redis_url), "keys": partial(keys_open, wired.keyring)},
        sandbox=sandbox,
        body_limit=settings.body_limit,
        photo_limit=settings.photo_limit,
        url_limit=settings.url_limit,
        chunked_bodies=settings.chunked_bodies,
        json_depth=settings.json_depth,
        array_limit=settings.array_limit,
        page_limit=settings.page_limit,
        search_seconds=settings.search_seconds,
        graph=graph_limits(settings),
        limiter=limiter(settings),
        cache=cache(settings),
        trusted_proxies=settings.trusted_proxies,
        allowed_origins=settings.origins,
        oidc_return_to=settings.oidc_return_to,
        plain_cookies=settings.env != "production" and settings.public_url.startswith("http:"),
    )


_settings = load(os.environ)
logs.take_over(_settings)
_wired = wire(_settings)
app = create_app(_wired.lodger, _wired.database.connection, options(_wired))
