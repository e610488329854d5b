"""Which role may do what in the database: the whole of it, table by table.

Rights are written as PostgreSQL shows them: r SELECT, a INSERT, w UPDATE, d DELETE. What stands nowhere here is
refused, and nobody has TRUNCATE but the owner. A new table is given its line here; a test fails until it has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from projections.catalogue import PROJECTIONS
from projections.trail import TRAIL

Right = Literal["SELECT", "INSERT", "UPDATE", "DELETE"]
RIGHTS: Final[Mapping[str, Right]] = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}

OWNER_ROLE: Final = "lodger_owner"
WRITER_ROLE: Final = "lodger_writer"
PROJECTOR_ROLE: Final = "lodger_projector"
AUDITOR_ROLE: Final = "lodger_auditor"
ANALYST_ROLE: Final = "lodger_analyst"
NOTARY_ROLE: Final = "lodger_notary"
ROLES: Final[Mapping[str, str]] = {
    OWNER_ROLE: "owns everything; migrations",
    WRITER_ROLE: "appends events and keeps what is not derived from them: the API, reactions, imports",
    PROJECTOR_ROLE: "reads the log and keeps the read models",
    AUDITOR_ROLE: "reads what proves something, and nothing of people; that it did is kept",
    ANALYST_ROLE: "reads the views of the schema `analytics`",
    NOTARY_ROLE: "reads the log, adds to its hash tree and signs checkpoints",
}

TRANSACTION_SECONDS: Final[Mapping[str | None, float]] = {
    # Readers of the log wait for whoever is writing events.
    WRITER_ROLE: 2.0,
    PROJECTOR_ROLE: 10.0,
    AUDITOR_ROLE: 30.0,
    ANALYST_ROLE: 30.0,
    NOTARY_ROLE: 10.0,
    OWNER_ROLE: 0.0,
    None: 5.0,
}
"""How long a transaction may take, by role (None: the login's own); 0 is as long as it likes."""

READ_MODELS: Final = tuple(table for projection in PROJECTIONS.values() for table in projection.tables)

LOG_TREE: Final = (
    "log_checkpoint_copies",
    "log_checkpoints",
    "log_keys",
    "log_leaves",
    "log_origin",
    "log_subtrees",
)
"""What is proven of the log. Anybody may read it; nothing of it is ever changed."""

_WRITER: Final[Mapping[str, str]] = {
    **dict.fromkeys(LOG_TREE, "r"),
    # The store. Of events it inserts the columns below, and nothing of them is ever changed.
    "answers": "rawd",
    "events": "r",
    "events_readable": "r",
    "nights": "rad",
    "person_keys": "raw",
    "parked_events": "r",
    "positions": "r",
    # Keys of machines and of people, logins, second factors.
    "api_key_secrets": "raw",
    "api_keys": "rad",
    "asked_letters": "rad",
    "keyring": "raw",
    "oidc_logins_used": "rad",
    "refresh_tokens": "raw",
    "second_factors": "rawd",
    "session_generations": "raw",
    "token_families": "rawd",
    # People and what they keep.
    "correspondents": "raw",
    "erasures": "raw",
    "exchange_rates": "raw",
    "identities": "rad",
    "linked_calendars": "rawd",
    "messages": "raw",
    "notification_marks": "rawd",
    "notification_preferences": "rawd",
    "people": "rawd",
    "photos": "rawd",
    "published_calendars": "rawd",
    "webhook_deliveries": "rawd",
    "webhook_endpoints": "rawd",
    # Money, and what providers said of it.
    "mtn_momo_refunds": "ra",
    "payers": "rawd",
    "payout_addresses": "raw",
    "payout_attempts": "raw",
    "payout_destinations": "rawd",
    "provider_answers": "raw",
    "provider_webhooks": "rawd",
    "reconciliations": "rawd",
    # The sandbox: another company's database, in spirit.
    "sandbox_charges": "raw",
    "sandbox_clock": "raw",
    "sandbox_failed_refunds": "ra",
    "sandbox_payouts": "raw",
    "sandbox_refunds": "ra",
    "imported_listings": "rawd",
    # An outbox: filled by its projection and by messages, emptied by the postman.
    "mailings": "raw",
}

_AUDITOR: Final = (
    "audit_events",
    *LOG_TREE,
    "events",
    "events_readable",
    "evidence_hashes",
    "ledger_entries",
    "ledger_parties",
    "log_restorations",
    "nights",
    "parked_events",
    "positions",
    *TRAIL.tables,
)

TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    WRITER_ROLE: {**dict.fromkeys(READ_MODELS, "r"), **_WRITER},
    PROJECTOR_ROLE: {
        **dict.fromkeys(READ_MODELS, "rawd"),
        "events": "r",
        # Listings show where they are, which is encrypted in the log. A ring's first key is made by who needs it first.
        "keyring": "ra",
        "parked_events": "rad",
        "person_keys": "r",
        "positions": "raw",
        "pseudonym_key": "r",
    },
    AUDITOR_ROLE: {**dict.fromkeys(_AUDITOR, "r"), "audit_reads": "ra"},
    ANALYST_ROLE: {},
    NOTARY_ROLE: {
        **dict.fromkeys(LOG_TREE, "ra"),
        "events": "r",
        "keyring": "ra",  # as the projector: its key may be the first
    },
}
"""By role, then by table of the schema public."""

COLUMNS: Final[Mapping[str, Mapping[str, Mapping[Right, tuple[str, ...]]]]] = {
    WRITER_ROLE: {
        # `position` and `recorded_at` stay the database's: a position that is not evaluated by the INSERT itself would
        # let readers of the log miss events.
        "events": {
            "INSERT": ("partition_key", "stream_id", "version", "type", "schema_version", "data", "meta"),
        },
        # To lock the row of the payment that it chooses: PostgreSQL wants the right to change a column for that.
        "payments": {"UPDATE": ("payment_id",)},
        # To empty what a request that was under way wrote after its author was erased.
        "reviews": {"UPDATE": ("comment", "reply")},
        "sealed_reviews": {"UPDATE": ("comment",)},
    },
}
"""What is for some columns only."""

SEQUENCES: Final[Mapping[str, Mapping[str, str]]] = {
    WRITER_ROLE: {"events_position_seq": "SELECT, USAGE", "nights_lane_seq": "USAGE"},
    PROJECTOR_ROLE: {"events_position_seq": "SELECT"},
    AUDITOR_ROLE: {"events_position_seq": "SELECT"},
    NOTARY_ROLE: {"events_position_seq": "SELECT"},
}
"""Whoever follows the log looks how far positions were drawn. Identity columns need no right."""

FUNCTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    # Whoever is erased is erased from copies of read models too.
    WRITER_ROLE: (
        *("append", "keep_answer", "take_identities", "change_nights", "own_lane", "discard_read_models"),
        *("nights_price", "portion", "stay_total"),
    ),
    PROJECTOR_ROLE: (
        "discard_read_models",
        "index_rebuild",
        "must_be_read_models",
        "prepare_rebuild",
        "read_model_shape",
        "switch_read_models",
    ),
}
"""Who may call what; what a trigger calls needs nobody's right."""

DEFINERS: Final = ("discard_read_models", "index_rebuild", "prepare_rebuild", "switch_read_models")
"""The functions that run with the owner's rights, as tables are made and moved by their owner alone. They do it to
tables whose rows the caller may all change anyway; all others run with the caller's rights."""

REBUILDING: Final = "rebuilding"
REPLACED: Final = "replaced"
"""Schemas of read models beside the live ones: those under way, and those that a rebuild has replaced."""

ANALYTICS: Final = "analytics"
"""The schema of views for analysts: each new one is readable by the analyst, and by nobody else."""


def spelt(letters: str) -> tuple[Right, ...]:
    """The rights that some letters stand for."""
    return tuple(RIGHTS[letter] for letter in letters)
