"""Every setting: one table. How values come from the environment is said in `loading`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from infrastructure.settings.kinds import count, flag, meta, port, quota

ROOT = Path(__file__).resolve().parent.parent.parent
DEFAULT_DATA = ".lodger"

LogFormat = Literal["console", "json"]


def variable(field: str) -> str:
    return field.upper() if field in ("database_url", "redis_url", "failpoint") else f"LODGER_{field.upper()}"


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename=variable):
    """The settings of one process. Each field's variable is its name in capitals behind `LODGER_`."""

    database_url: Annotated[
        str,
        meta(
            "an address like postgresql://user:password@host/database",
            "PostgreSQL 15 or later. `./run up` starts one of its own when this is unset.",
            secret=True,
            pattern="^postgresql://",
        ),
    ]
    redis_url: Annotated[
        str,
        meta(
            "an address like redis://host:6379/0",
            "Redis 7 or Valkey 8, or later. `./run up` starts one of its own when this is unset.",
            secret=True,
            pattern="^(redis|rediss|unix)://",
        ),
    ]
    secret_key: Annotated[
        str,
        meta(
            "at least 32 characters nobody can guess",
            "Every other key is kept sealed under this one. Made on the first run in development.",
            secret=True,
            min_length=32,
        ),
    ]
    operator_token: Annotated[
        str,
        meta(
            "at least 32 characters nobody can guess",
            "The bearer token of /v1/operator. Made on the first run in development.",
            secret=True,
            min_length=32,
        ),
    ]
    secret_keys_before: Annotated[
        str,
        meta(
            "keys like LODGER_SECRET_KEY, separated by commas",
            "The secret keys before this one, until `./run lodger keys rotate --root` has sealed every key anew.",
            secret=True,
            pattern="^([^,]{32,}(,[^,]{32,})*)?$",
        ),
    ] = ""
    operator_token_before: Annotated[
        str,
        meta(
            "the LODGER_OPERATOR_TOKEN before this one",
            "Still taken, while whoever uses it changes to the new one.",
            secret=True,
            pattern="^(.{32,})?$",
        ),
    ] = ""
    env: Annotated[
        Literal["development", "production", "test"],
        meta(
            "development, production or test",
            "Production takes secrets, a public URL and a mail server from the environment only, "
            "and neither the sandbox nor a clock of its own.",
        ),
    ] = "development"
    http_host: Annotated[str, meta("an address to listen on", "Where the API listens.", min_length=1)] = "127.0.0.1"
    http_port: Annotated[int, port("The API's port.")] = 8000
    public_url: Annotated[
        str,
        meta(
            "an address like https://lodger.example",
            "How people reach the API: in mails and links.",
            pattern="^https?://[^/]+$",
        ),
    ] = "http://127.0.0.1:8000"
    internal_host: Annotated[
        str,
        meta(
            "an address to listen on",
            "Where /metrics and the mail sink listen. They ask nobody who they are: keep them on a private network.",
            min_length=1,
        ),
    ] = "127.0.0.1"
    metrics_port: Annotated[int, port("The port of /metrics.")] = 9090
    mail_port: Annotated[int, port("The SMTP port of the development mail sink.")] = 1025
    inbox_port: Annotated[int, port("The port of the development mail sink's inbox page.")] = 8025
    smtp_url: Annotated[
        str,
        meta(
            "an address like smtp://user:password@host:587 or smtps://host:465",
            "Where mail is handed over. By default to the development mail sink.",
            secret=True,
            pattern="^smtps?://",
        ),
    ] = "smtp://127.0.0.1:1025"
    mail_from: Annotated[str, meta("a mail address", "The sender of mails.", pattern=r"^[^@\s]+@[^@\s]+$")] = (
        "lodger@localhost"
    )
    clock: Annotated[
        str,
        meta(
            "system or an instant like 2025-06-01T12:00:00Z",
            "An instant to start from lets data of the past be booked; the clock ticks on from there.",
        ),
    ] = "system"
    sandbox: Annotated[
        bool,
        flag(
            "The sandbox payment gateway and the operator's clock. In production the default is false.",
        ),
    ] = True
    card_provider: Annotated[
        str,
        meta(
            "a payment provider's name (docs/payments.md), or none",
            "Who takes cards. In production the default is none.",
            min_length=1,
        ),
    ] = "sandbox"
    mobile_money_provider: Annotated[
        str,
        meta(
            "a payment provider's name (docs/payments.md), or none",
            "Who takes mobile money. In production the default is none.",
            min_length=1,
        ),
    ] = "sandbox"
    stripe_secret_key: Annotated[str, meta("a key like sk_live_…", "Stripe's secret key.", secret=True)] = ""
    stripe_webhook_secrets: Annotated[
        str,
        meta(
            "secrets like whsec_…, separated by commas",
            "What Stripe signs its webhooks with: two while one replaces the other.",
            secret=True,
        ),
    ] = ""
    stripe_api_base: Annotated[
        str,
        meta("an address like https://api.stripe.com", "Where Stripe is, or its fake.", pattern="^https?://[^/]+$"),
    ] = "https://api.stripe.com"
    mtn_momo_api_base: Annotated[
        str,
        meta(
            "an address like https://proxy.momoapi.mtn.com",
            "Where MTN Mobile Money is, or its sandbox.",
            pattern="^https?://[^/]+$",
        ),
    ] = "https://sandbox.momodeveloper.mtn.com"
    mtn_momo_environment: Annotated[str, meta("sandbox, mtnuganda, …", "MTN's target environment.", min_length=1)] = (
        "sandbox"
    )
    mtn_momo_api_user: Annotated[str, meta("a UUID", "MTN's API user.", secret=True)] = ""
    mtn_momo_api_key: Annotated[str, meta("a key", "The API user's key.", secret=True)] = ""
    mtn_momo_collection_key: Annotated[
        str, meta("a key", "The subscription key of MTN's Collections.", secret=True)
    ] = ""
    mtn_momo_disbursement_key: Annotated[
        str, meta("a key", "The subscription key of MTN's Disbursements.", secret=True)
    ] = ""
    photo_store: Annotated[
        str,
        meta(
            "a folder, or a bucket like s3://bucket/prefix",
            "Where photos are kept; a folder is relative to LODGER_DATA, or absolute.",
            min_length=1,
        ),
    ] = "photos"
    checkpoint_store: Annotated[
        str,
        meta(
            "a folder, or a bucket like s3://bucket/prefix",
            "Where checkpoints of the log are written, once each: best where those who run the database cannot write."
            " A folder is relative to LODGER_DATA, or absolute (docs/auditors.md).",
            min_length=1,
        ),
    ] = "checkpoints"
    s3_endpoint: Annotated[
        str,
        meta(
            "an address like https://minio.example",
            "Who keeps the bucket, if it is not Amazon.",
            pattern="^(https?://[^/]+)?$",
        ),
    ] = ""
    s3_region: Annotated[str, meta("a region like eu-central-1", "Where the bucket is.", min_length=1)] = "us-east-1"
    s3_access_key: Annotated[str, meta("a key", "The bucket's access key; by default the machine's own.")] = ""
    s3_secret_key: Annotated[str, meta("a key", "The secret that belongs to it.", secret=True)] = ""
    photo_limit: Annotated[
        int,
        meta("a number of bytes from 1000 to 100000000", "The largest photo that is taken.", ge=1_000, le=100_000_000),
    ] = 15_000_000
    oidc_issuer: Annotated[
        str,
        meta(
            "an address like https://accounts.example.com",
            "Whose word is taken for who somebody is (OpenID Connect): the provider's issuer, to the letter.",
            pattern=r"^(https?://[^\s?#]+)?$",
        ),
    ] = ""
    oidc_client_id: Annotated[str, meta("an id", "Lodger's client id at that provider.")] = ""
    oidc_client_secret: Annotated[
        str, meta("a secret", "The secret that belongs to it; a public client has none.", secret=True)
    ] = ""
    oidc_return_to: Annotated[
        str,
        meta(
            "a path like /account, or an address like https://app.example/account",
            "Where browsers are sent when they have logged in at that provider.",
            pattern=r"^(/|/[^/\s\\]\S*|https?://\S+)$",
        ),
    ] = "/"
    private_addresses: Annotated[
        bool,
        flag(
            "Whether webhooks and calendar feeds may be at addresses that are not public, and without TLS. "
            "In production the default is false.",
        ),
    ] = True
    data: Annotated[
        str,
        meta("a folder", "Where `./run up` keeps its data; relative to the repository, or absolute.", min_length=1),
    ] = DEFAULT_DATA
    api_workers: Annotated[int, count("Processes of the API.", 64)] = 2
    api_threads: Annotated[int, count("Threads of each API process; more of them fight over its interpreter.", 256)] = 4
    api_pinned: Annotated[
        bool,
        flag(
            "Whether each process of the API is kept to a processor of its own: more requests on a machine "
            "that is there for one Lodger alone (docs/deploying.md)."
        ),
    ] = False
    body_threads: Annotated[
        int,
        count(
            "Further threads of each API process, in which requests wait for the rest of their bodies; one address "
            "gets a quarter of them, unless there is a proxy.",
            1_000,
        ),
    ] = 60
    pool_size: Annotated[
        int,
        count(
            "Database connections of each process at most. Each has two more for exports and erasures, one of the API "
            "four for analysts and auditors, a worker four for the log.",
            500,
        ),
    ] = 10
    transaction_seconds: Annotated[
        float,
        meta(
            "seconds from 0.1 to 60",
            "What writes events is ended after that: while it is under way nobody reads beyond it.",
            ge=0.1,
            le=60,
        ),
    ] = 2.0
    body_limit: Annotated[
        int,
        count(
            "Bytes of a request's body; photos and payment providers' webhooks have limits of their own.",
            100_000_000,
            1_000,
        ),
    ] = 1_048_576
    chunked_bodies: Annotated[
        bool,
        flag(
            "Whether bodies in chunks are taken. Then a proxy in front has to refuse a length beside chunks: Lodger "
            "cannot see it.",
        ),
    ] = False
    json_depth: Annotated[int, count("How deep JSON may be nested.", 500)] = 64
    array_limit: Annotated[int, count("Items of one array in a body; most fields allow fewer.", 1_000_000)] = 1_000
    page_limit: Annotated[int, count("Entries of one page of a list.", 100)] = 100
    search_seconds: Annotated[
        float,
        meta("seconds from 0.1 to 4", "A search that takes longer is given up (search_timed_out).", ge=0.1, le=4),
    ] = 2.0
    cache: Annotated[
        bool,
        flag("Whether searches are answered from Redis while nothing of what they show changes."),
    ] = True
    cache_entries: Annotated[int, count("Answers kept there, of 128 KiB at most.", 100_000)] = 1_000
    cache_seconds: Annotated[int, count("How many seconds an answer is kept.", 3_600)] = 60
    graphql_depth: Annotated[int, count("Levels of fields of one GraphQL operation.", 100)] = 8
    graphql_cost: Annotated[
        int, count("Points that one GraphQL request may cost; docs/graphql.md says how they are counted.", 1_000_000)
    ] = 1_000
    graphql_tokens: Annotated[
        int,
        count("Tokens of a GraphQL request, and its fields when fragments are written out.", 100_000),
    ] = 1_000
    graphql_fragments: Annotated[int, count("Fragments of one GraphQL request.", 1_000, 0)] = 30
    graphql_batch: Annotated[int, count("Operations of one GraphQL request.", 100)] = 10
    url_limit: Annotated[int, count("Bytes of a request's path and query.", 65_536, 256)] = 8_192
    header_limit: Annotated[
        int,
        count(
            "Bytes of a request's line and headers together. There are never more than 100 headers.", 1_048_576, 8_192
        ),
    ] = 65_536
    header_seconds: Annotated[int, count("Until a request's headers have to be there.", 60)] = 10
    backlog: Annotated[
        int, count("Connections that wait to be taken, and that one API process keeps open.", 65_535, 128)
    ] = 2_048
    drain_seconds: Annotated[
        int,
        count(
            "How long an API that is told to stop says so on /readyz and serves on: until its balancer knows.", 60, 0
        ),
    ] = 0
    allowed_origins: Annotated[
        str,
        meta(
            "origins like https://www.lodger.example, separated by commas",
            "Whose pages may call the API from browsers (CORS). None by default.",
            pattern=r"^(https?://[^/,\s]+(,https?://[^/,\s]+)*)?$",
        ),
    ] = ""
    trusted_proxies: Annotated[
        int,
        count(
            "How many proxies are in front of the API, one behind the other: so far is X-Forwarded-For believed.", 10, 0
        ),
    ] = 0
    rate_limits: Annotated[bool, flag("Whether requests are limited at all; false is for load tests.")] = True
    limit_address_per_minute: Annotated[
        int, quota("Requests from one address. One network of IPv6 (/64) is one address.")
    ] = 6_000
    limit_user_per_minute: Annotated[int, quota("Requests of one user.")] = 1_200
    limit_key_per_minute: Annotated[int, quota("Requests with one API key.")] = 3_000
    limit_searches_per_minute: Annotated[int, quota("Searches from one address.")] = 600
    limit_logins_per_minute: Annotated[int, quota("Logins from one address, right or wrong.")] = 60
    limit_registrations_per_hour: Annotated[int, quota("New accounts from one address.")] = 60
    limit_mails_per_hour: Annotated[
        int, quota("Mails to verify an address or reset a password that are asked for from one address.")
    ] = 30
    limit_webhooks_per_minute: Annotated[int, quota("Payment providers' webhooks from one address.")] = 3_000
    limit_login_failures: Annotated[
        int,
        quota("Wrong passwords and codes for one account, and from one address, in 15 minutes (docs/security.md)."),
    ] = 10
    audit_projection: Annotated[bool, flag("Keep a read model that counts every event by id: for tests.")] = False
    failpoint: Annotated[
        str,
        meta(
            "a point and what happens there, like after_capture:kill or after_capture:hang",
            "For tests: where processes die or hang. In production it is refused.",
            pattern="^([A-Za-z_]+:(kill|hang))?$",
        ),
    ] = ""
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        meta("debug, info, warning or error", "The least serious thing to log."),
    ] = "info"
    log_format: Annotated[
        LogFormat,
        meta("console or json", "Lines of logs for people, or for programs. In production the default is json."),
    ] = "console"

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The secret key, and behind it those before it."""
        return (self.secret_key, *filter(None, self.secret_keys_before.split(",")))

    @property
    def origins(self) -> tuple[str, ...]:
        """The allowed origins."""
        return tuple(filter(None, self.allowed_origins.split(",")))

    @property
    def clock_start(self) -> datetime | None:
        """The instant the clock starts from, in UTC; None for the system's clock."""
        return None if self.clock == "system" else instant(self.clock)


def instant(text: str) -> datetime | None:
    """An ISO instant in UTC; None for anything else, such as one without an offset."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None
