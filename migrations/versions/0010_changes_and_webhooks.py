"""Changes of bookings and payments as clients follow them, and the webhooks that bring them."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE changes (
        user_id     uuid        NOT NULL,
        position    bigint      NOT NULL,
        event_id    uuid        NOT NULL,
        type        text        NOT NULL,
        booking_id  uuid        NOT NULL,
        stream_id   uuid        NOT NULL,
        version     integer     NOT NULL,
        occurred_at timestamptz NOT NULL,
        CONSTRAINT changes_pkey PRIMARY KEY (user_id, position)
    );
    COMMENT ON TABLE changes IS 'One row for each event and each user whom it concerns.';

    CREATE TABLE change_parties (
        stream_id  uuid NOT NULL,
        booking_id uuid NOT NULL,
        guest_id   uuid NOT NULL,
        host_id    uuid NOT NULL,
        CONSTRAINT change_parties_pkey PRIMARY KEY (stream_id)
    );
    COMMENT ON TABLE change_parties IS 'Whom a stream''s events concern, as the changes projection learnt it.';

    CREATE TABLE webhook_endpoints (
        endpoint_id     uuid        NOT NULL,
        user_id         uuid        NOT NULL,
        url             text        NOT NULL,
        types           text[]      NOT NULL DEFAULT '{}',
        enabled         boolean     NOT NULL DEFAULT true,
        version         integer     NOT NULL DEFAULT 1,
        created_at      timestamptz NOT NULL,
        secret          bytea       NOT NULL,
        former_secret   bytea,
        former_until    timestamptz,
        position        bigint      NOT NULL,
        failures        integer     NOT NULL DEFAULT 0,
        failing_since   timestamptz,
        given_up_at     timestamptz,
        rests_until     timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (endpoint_id),
        CONSTRAINT webhook_endpoints_url UNIQUE (user_id, url)
    );
    COMMENT ON COLUMN webhook_endpoints.types IS 'Which types of changes are wanted; none named means all.';
    COMMENT ON COLUMN webhook_endpoints.secret IS 'Sealed with a key derived from LODGER_SECRET_KEY.';
    COMMENT ON COLUMN webhook_endpoints.position IS
        'Every change up to here that is wanted is among its deliveries. Set back, they are delivered again.';
    COMMENT ON COLUMN webhook_endpoints.rests_until IS
        'Nothing is sent before: a worker is at it, or what was sent last has failed.';

    CREATE TABLE webhook_deliveries (
        delivery_id     uuid        NOT NULL DEFAULT gen_random_uuid(),
        endpoint_id     uuid        NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
        position        bigint      NOT NULL,
        event_id        uuid        NOT NULL,
        type            text        NOT NULL,
        booking_id      uuid        NOT NULL,
        stream_id       uuid        NOT NULL,
        version         integer     NOT NULL,
        status          text        NOT NULL DEFAULT 'pending',
        attempts        integer     NOT NULL DEFAULT 0,
        queued_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
        next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        attempted_at    timestamptz,
        response_status integer,
        error           text,
        CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (delivery_id),
        CONSTRAINT webhook_deliveries_once UNIQUE (endpoint_id, position),
        CONSTRAINT webhook_deliveries_status CHECK (status IN ('pending', 'delivered', 'failed'))
    );
    CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (endpoint_id, booking_id, position)
        WHERE status = 'pending';
    CREATE INDEX webhook_deliveries_settled ON webhook_deliveries (attempted_at) WHERE status <> 'pending';
    COMMENT ON COLUMN webhook_deliveries.queued_at IS
        'Since when it has been tried: how long the pauses are and when it is given up count from here.';
    """)
