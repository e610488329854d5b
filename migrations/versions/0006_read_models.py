"""Read models: rows derived from the log, and how far each has come."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE positions (
        name           text        NOT NULL,
        version        integer     NOT NULL,
        position       bigint      NOT NULL DEFAULT 0,
        stopped_reason text,
        moved_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT positions_pkey PRIMARY KEY (name)
    ) WITH (fillfactor = 50);
    COMMENT ON TABLE positions IS 'Everything in the log up to `position` is done by the consumer of that name.';

    -- fillfactor: a change of `unavailable`, which no index has, stays on its page and touches no index.
    CREATE TABLE listings (
        property_id      uuid           NOT NULL,
        host_id          uuid           NOT NULL,
        status           text           NOT NULL,
        revision         integer        NOT NULL,
        created_at       timestamptz    NOT NULL,
        updated_at       timestamptz    NOT NULL,
        minimum_nights   integer        NOT NULL,
        maximum_nights   integer        NOT NULL,
        nightly_minor    bigint,
        currency         text,
        title            text,
        description      text,
        property_type    text,
        room_type        text,
        guests           integer,
        bedrooms         integer,
        beds             integer,
        bathrooms_halves integer,
        amenities        text[],
        address          text,
        city             text,
        country          text,
        latitude_e6      integer,
        longitude_e6     integer,
        zone             text,
        city_key         text,
        country_key      text,
        unavailable      datemultirange NOT NULL DEFAULT '{}',
        CONSTRAINT listings_pkey PRIMARY KEY (property_id)
    ) WITH (fillfactor = 85);
    CREATE INDEX listings_host ON listings (host_id, created_at, property_id);
    CREATE INDEX listings_place ON listings USING spgist (point(longitude_e6, latitude_e6)) WHERE status = 'published';
    CREATE INDEX listings_price ON listings (currency, nightly_minor, property_id) WHERE status = 'published';
    CREATE INDEX listings_newest ON listings (created_at, property_id) WHERE status = 'published';
    CREATE INDEX listings_city_price ON listings (city_key, currency, nightly_minor, property_id)
        WHERE status = 'published';
    CREATE INDEX listings_city_newest ON listings (city_key, created_at, property_id) WHERE status = 'published';

    CREATE TABLE listing_claims (
        claim_id    uuid      NOT NULL,
        property_id uuid      NOT NULL,
        nights      daterange NOT NULL,
        active      boolean   NOT NULL DEFAULT true,
        CONSTRAINT listing_claims_pkey PRIMARY KEY (claim_id)
    );
    CREATE INDEX listing_claims_property ON listing_claims (property_id);
    COMMENT ON COLUMN listings.unavailable IS 'The union of the nights of its active listing_claims.';

    CREATE TABLE bookings (
        booking_id     uuid        NOT NULL,
        property_id    uuid        NOT NULL,
        host_id        uuid        NOT NULL,
        guest_id       uuid        NOT NULL,
        check_in       date        NOT NULL,
        check_out      date        NOT NULL,
        guests         integer     NOT NULL,
        total_minor    bigint      NOT NULL,
        currency       text        NOT NULL,
        policy         text        NOT NULL,
        zone           text        NOT NULL,
        check_in_time  time        NOT NULL,
        check_out_time time        NOT NULL,
        held_until     timestamptz NOT NULL,
        created_at     timestamptz NOT NULL,
        updated_at     timestamptz NOT NULL,
        status         text        NOT NULL,
        payment_id     uuid,
        cancelled_by   text,
        refund_minor   bigint,
        CONSTRAINT bookings_pkey PRIMARY KEY (booking_id)
    );
    CREATE INDEX bookings_guest ON bookings (guest_id, created_at, booking_id);
    CREATE INDEX bookings_host ON bookings (host_id, created_at, booking_id);
    CREATE INDEX bookings_host_status ON bookings (host_id, status, created_at, booking_id);

    CREATE TABLE mailings (
        event_id        uuid        NOT NULL,
        recipient       text        NOT NULL,
        template        text        NOT NULL,
        stream_id       uuid        NOT NULL,
        position        bigint      NOT NULL,
        status          text        NOT NULL DEFAULT 'pending',
        attempts        integer     NOT NULL DEFAULT 0,
        next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        last_error      text,
        sent_at         timestamptz,
        created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT mailings_pkey PRIMARY KEY (event_id, recipient, template),
        CONSTRAINT mailings_status CHECK (status IN ('pending', 'sent', 'refused'))
    );
    CREATE INDEX mailings_due ON mailings (next_attempt_at, position) WHERE status = 'pending';

    CREATE TABLE audit_events (
        event_id uuid    NOT NULL,
        position bigint  NOT NULL,
        applied  integer NOT NULL DEFAULT 1,
        CONSTRAINT audit_events_pkey PRIMARY KEY (event_id)
    );
    COMMENT ON TABLE audit_events IS 'How often each event was applied: for tests (LODGER_AUDIT_PROJECTION).';
    """)
