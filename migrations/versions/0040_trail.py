"""Where in the log auditors find what they ask for."""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE trail (
        position    bigint      NOT NULL,
        stream_id   uuid        NOT NULL,
        type        text        NOT NULL,
        actor_kind  text        NOT NULL,
        actor_id    text        NOT NULL,
        bookings    uuid[]      NOT NULL,
        payments    uuid[]      NOT NULL,
        users       uuid[]      NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT trail_pkey PRIMARY KEY (position)
    );
    CREATE INDEX trail_concerns ON trail USING gin (bookings, payments, users);
    CREATE INDEX trail_type ON trail (type);
    CREATE INDEX trail_actor ON trail (actor_id, actor_kind);
    COMMENT ON TABLE trail IS 'Whom and what each event concerns: it says where in the log to look.';
    COMMENT ON COLUMN trail.actor_id IS 'Who acted; of an API key, whose it is.';

    CREATE TABLE trail_concerns_of (
        id       uuid   NOT NULL,
        bookings uuid[] NOT NULL,
        payments uuid[] NOT NULL,
        users    uuid[] NOT NULL,
        CONSTRAINT trail_concerns_of_pkey PRIMARY KEY (id)
    );
    COMMENT ON TABLE trail_concerns_of IS
        'What the first fact of a stream, a payout, a debt or a hold said it concerns: later ones do not say it again.';

    CREATE TABLE trail_clock (
        stretch  bigint      NOT NULL,
        earliest timestamptz NOT NULL,
        latest   timestamptz NOT NULL,
        CONSTRAINT trail_clock_pkey PRIMARY KEY (stretch)
    );
    COMMENT ON TABLE trail_clock IS
        'When each 1,024 positions were recorded: from one to the next, clocks run out of order between writers.';
    """)
