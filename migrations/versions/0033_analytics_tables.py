"""What the analysts' views are made of, and the rates by which one currency is told in another."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE analytics_bookings (
        booking_id          uuid        NOT NULL,
        property_id         uuid        NOT NULL,
        host_id             uuid        NOT NULL,
        guest_id            uuid        NOT NULL,
        status              text        NOT NULL,
        made_at             timestamptz NOT NULL,
        made_on             date        NOT NULL,
        check_in            date        NOT NULL,
        check_out           date        NOT NULL,
        guests              integer     NOT NULL,
        policy              text        NOT NULL,
        currency            text        NOT NULL,
        price_minor         bigint      NOT NULL,
        bought_at           timestamptz,
        cancelled_at        timestamptz,
        cancelled_by        text,
        given_back_minor    bigint      NOT NULL,
        accommodation_minor bigint      NOT NULL,
        extras_minor        bigint      NOT NULL,
        service_fee_minor   bigint      NOT NULL,
        tax_minor           bigint      NOT NULL,
        host_minor          bigint      NOT NULL,
        platform_minor      bigint      NOT NULL,
        kind                text        NOT NULL,
        state               text        NOT NULL,
        CONSTRAINT analytics_bookings_pkey PRIMARY KEY (booking_id),
        CONSTRAINT analytics_bookings_parts CHECK (
            accommodation_minor + extras_minor + service_fee_minor = host_minor + platform_minor)
    );
    CREATE INDEX analytics_bookings_month ON analytics_bookings ((date_trunc('month', check_in::timestamp)::date))
        WHERE bought_at IS NOT NULL;
    CREATE INDEX analytics_bookings_property ON analytics_bookings (property_id);
    COMMENT ON COLUMN analytics_bookings.state IS 'domain.bookings.Booking as JSON.';

    CREATE TABLE analytics_nights (
        booking_id          uuid    NOT NULL,
        night               date    NOT NULL,
        property_id         uuid    NOT NULL,
        is_sold             boolean NOT NULL,
        currency            text    NOT NULL,
        accommodation_minor bigint  NOT NULL,
        extras_minor        bigint  NOT NULL,
        service_fee_minor   bigint  NOT NULL,
        tax_minor           bigint  NOT NULL,
        CONSTRAINT analytics_nights_pkey PRIMARY KEY (booking_id, night)
    );
    CREATE INDEX analytics_nights_night ON analytics_nights (night);
    CREATE INDEX analytics_nights_month ON analytics_nights ((date_trunc('month', night::timestamp)::date));
    CREATE INDEX analytics_nights_property ON analytics_nights (property_id, night);
    COMMENT ON TABLE analytics_nights IS 'Nights of bookings that were paid for, and what of the price falls on each.';

    CREATE TABLE analytics_payments (
        payment_id            uuid        NOT NULL,
        booking_id            uuid        NOT NULL,
        property_id           uuid        NOT NULL,
        guest_id              uuid        NOT NULL,
        provider              text        NOT NULL,
        method                text        NOT NULL,
        status                text        NOT NULL,
        failure_code          text,
        currency              text        NOT NULL,
        amount_minor          bigint      NOT NULL,
        started_at            timestamptz NOT NULL,
        captured_at           timestamptz,
        captured_minor        bigint      NOT NULL,
        refunded_minor        bigint      NOT NULL,
        dispute_taken_minor   bigint      NOT NULL,
        dispute_back_minor    bigint      NOT NULL,
        state                 text        NOT NULL,
        CONSTRAINT analytics_payments_pkey PRIMARY KEY (payment_id)
    );
    CREATE INDEX analytics_payments_booking ON analytics_payments (booking_id);
    CREATE INDEX analytics_payments_started ON analytics_payments (started_at);
    COMMENT ON COLUMN analytics_payments.state IS 'domain.payments.Payment as JSON.';

    CREATE TABLE analytics_properties (
        property_id         uuid        NOT NULL,
        version             integer     NOT NULL,
        valid_from          timestamptz NOT NULL,
        valid_to            timestamptz,
        host_id             uuid        NOT NULL,
        status              text        NOT NULL,
        source              text,
        market              text,
        city                text,
        city_key            text,
        country             text,
        zone                text,
        property_type       text,
        room_type           text,
        guests              integer,
        bedrooms            integer,
        beds                integer,
        bathrooms_halves    integer,
        currency            text,
        nightly_minor       bigint,
        weekend_minor       bigint,
        cleaning_fee_minor  bigint,
        minimum_nights      integer     NOT NULL,
        maximum_nights      integer     NOT NULL,
        cancellation_policy text        NOT NULL,
        booking_mode        text        NOT NULL,
        CONSTRAINT analytics_properties_pkey PRIMARY KEY (property_id, version)
    );
    CREATE UNIQUE INDEX analytics_properties_current ON analytics_properties (property_id) WHERE valid_to IS NULL;
    CREATE INDEX analytics_properties_city ON analytics_properties ((coalesce(city_key, '')), (coalesce(country, '')))
        WHERE valid_to IS NULL;
    COMMENT ON TABLE analytics_properties IS 'What a property was like from when to when: valid_to NULL is today.';

    CREATE TABLE analytics_blocks (
        block_id    uuid    NOT NULL,
        property_id uuid    NOT NULL,
        first       date    NOT NULL,
        until       date    NOT NULL,
        is_imported boolean NOT NULL,
        CONSTRAINT analytics_blocks_pkey PRIMARY KEY (block_id)
    );
    CREATE INDEX analytics_blocks_property ON analytics_blocks (property_id);
    COMMENT ON TABLE analytics_blocks IS 'Blocked nights; of a block taken away those that had passed by then.';

    CREATE TABLE analytics_calendars (
        property_id uuid           NOT NULL,
        first_night date           NOT NULL,
        listed      datemultirange NOT NULL DEFAULT '{}',
        blocked     datemultirange NOT NULL DEFAULT '{}',
        imported    datemultirange NOT NULL DEFAULT '{}',
        sold        datemultirange NOT NULL DEFAULT '{}',
        CONSTRAINT analytics_calendars_pkey PRIMARY KEY (property_id)
    );
    COMMENT ON TABLE analytics_calendars IS 'Which nights of a property were offered, blocked and sold since it began.';

    CREATE TABLE analytics_users (
        user_id        uuid        NOT NULL,
        user_key       text        NOT NULL,
        registered_at  timestamptz NOT NULL,
        became_host_at timestamptz,
        CONSTRAINT analytics_users_pkey PRIMARY KEY (user_id)
    );
    COMMENT ON TABLE analytics_users IS 'Under which name analysts know somebody; of who was erased there is no row.';

    CREATE TABLE analytics_clock (
        single boolean NOT NULL DEFAULT true,
        today  date    NOT NULL,
        CONSTRAINT analytics_clock_pkey PRIMARY KEY (single),
        CONSTRAINT analytics_clock_single CHECK (single)
    );
    COMMENT ON TABLE analytics_clock IS 'The day (UTC) of the latest event that was seen, by the events'' own time.';

    -- Not of the ring: whoever reads this database sees the ids themselves beside it, and analysts see neither.
    CREATE TABLE pseudonym_key (
        single boolean NOT NULL DEFAULT true,
        secret bytea   NOT NULL,
        CONSTRAINT pseudonym_key_pkey PRIMARY KEY (single),
        CONSTRAINT pseudonym_key_single CHECK (single)
    );
    COMMENT ON TABLE pseudonym_key IS 'What the names that analysts know people by are made with; drawn by lot.';
    INSERT INTO pseudonym_key (secret)
        SELECT sha256(convert_to(string_agg(gen_random_uuid()::text, ''), 'UTF8')) FROM generate_series(1, 3);

    CREATE TABLE exchange_rates (
        day      date    NOT NULL,
        base     text    NOT NULL,
        currency text    NOT NULL,
        rate     numeric NOT NULL,
        source   text    NOT NULL,
        CONSTRAINT exchange_rates_pkey PRIMARY KEY (base, currency, day),
        CONSTRAINT exchange_rates_positive CHECK (rate > 0 AND rate < 'Infinity')
    );
    COMMENT ON TABLE exchange_rates IS 'What one whole unit of base cost on a day, in whole units of currency.';
    """)
