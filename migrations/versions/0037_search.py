"""Listings as search needs them: in cells of the map, their nights as bits, with everything that a price takes."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE EXTENSION IF NOT EXISTS pg_trgm;

    -- Made anew from the log by the next projector.
    DELETE FROM positions WHERE name = 'listings';
    TRUNCATE listing_claims;
    DROP TABLE listings;

    -- What a search looks at in every row comes first and has a fixed width, so that it is found without counting.
    -- fillfactor: a change of the calendar, which no index has, stays on its page and touches no index.
    -- Long descriptions are kept aside, so that a page has many rows.
    CREATE TABLE listings (
        property_id         uuid           NOT NULL,
        host_id             uuid           NOT NULL,
        created_at          timestamptz    NOT NULL,
        updated_at          timestamptz    NOT NULL,
        revision            integer        NOT NULL,
        minimum_nights      integer        NOT NULL,
        maximum_nights      integer        NOT NULL,
        advance_notice_days integer        NOT NULL,
        ratings             integer        NOT NULL DEFAULT 0,
        rating_e2           integer        NOT NULL DEFAULT 0,
        nights_from         date           NOT NULL DEFAULT 'infinity',
        nights_0            bigint         NOT NULL DEFAULT 0,
        nights_1            bigint         NOT NULL DEFAULT 0,
        nights_2            bigint         NOT NULL DEFAULT 0,
        nights_3            bigint         NOT NULL DEFAULT 0,
        nights_4            bigint         NOT NULL DEFAULT 0,
        nights_5            bigint         NOT NULL DEFAULT 0,
        nights_6            bigint         NOT NULL DEFAULT 0,
        nights_7            bigint         NOT NULL DEFAULT 0,
        nights_8            bigint         NOT NULL DEFAULT 0,
        nights_9            bigint         NOT NULL DEFAULT 0,
        nights_10           bigint         NOT NULL DEFAULT 0,
        nights_11           bigint         NOT NULL DEFAULT 0,
        latitude_e6         integer,
        longitude_e6        integer,
        nightly_minor       bigint,
        guests              integer,
        status              text           NOT NULL,
        currency            text,
        booking_mode        text           NOT NULL,
        cancellation_policy text           NOT NULL,
        unavailable         datemultirange NOT NULL DEFAULT '{}',
        bedrooms            integer,
        beds                integer,
        bathrooms_halves    integer,
        property_type       text,
        room_type           text,
        zone                text,
        country_key         text,
        city_key            text,
        amenity_keys        text[],
        weekend_minor       bigint,
        weekly_discount_percent  integer,
        monthly_discount_percent integer,
        cleaning_fee_minor       bigint,
        extra_guest_fee_minor    bigint,
        guests_included          integer,
        tax_bp                   integer,
        override_firsts     date[],
        override_untils     date[],
        override_minors     bigint[],
        title               text,
        address             text,
        city                text,
        country             text,
        photos              uuid[]         NOT NULL DEFAULT '{}',
        amenities           text[],
        words               text,
        description         text,
        cell   integer GENERATED ALWAYS AS
                   ((latitude_e6 + 90000000) / 100000 * 3600 + (longitude_e6 + 180000000) / 100000) STORED,
        region integer GENERATED ALWAYS AS
                   ((latitude_e6 + 90000000) / 2000000 * 180 + (longitude_e6 + 180000000) / 2000000) STORED,
        CONSTRAINT listings_pkey PRIMARY KEY (property_id)
    ) WITH (fillfactor = 85, toast_tuple_target = 1024);
    COMMENT ON COLUMN listings.unavailable IS 'The union of the nights of its active listing_claims.';
    COMMENT ON COLUMN listings.nights_from IS
        'nights_0 to nights_11 have `unavailable` for 768 nights from here, n in bit n mod 768; infinity: none ever.';
    COMMENT ON COLUMN listings.rating_e2 IS 'The average of `ratings` ratings, in hundredths; 0 without any.';

    CREATE INDEX listings_host ON listings (host_id, created_at, property_id);
    -- A page: by each order, in a cell of 0.1 degrees, or everywhere.
    -- Behind the order what most searches ask, so that a row is not fetched to be thrown away.
    CREATE INDEX listings_cell_price ON listings
        (cell, currency, nightly_minor, property_id, latitude_e6, longitude_e6, guests) WHERE status = 'published';
    CREATE INDEX listings_cell_rating ON listings
        (cell, rating_e2, ratings, property_id, latitude_e6, longitude_e6, guests) WHERE status = 'published';
    CREATE INDEX listings_cell_newest ON listings
        (cell, created_at, property_id, latitude_e6, longitude_e6, guests) WHERE status = 'published';
    CREATE INDEX listings_price ON listings (currency, nightly_minor, property_id) WHERE status = 'published';
    CREATE INDEX listings_rating ON listings (rating_e2, ratings, property_id) WHERE status = 'published';
    CREATE INDEX listings_newest ON listings (created_at, property_id) WHERE status = 'published';
    CREATE INDEX listings_region_price ON listings (region, currency, nightly_minor, property_id)
        WHERE status = 'published';
    CREATE INDEX listings_city_price ON listings (city_key, currency, nightly_minor, property_id)
        WHERE status = 'published';
    CREATE INDEX listings_words ON listings USING gin (words gin_trgm_ops) WHERE status = 'published';
    -- A sixteenth of them, drawn by the last digit of the id: how many fit is reckoned from it, nearly always without
    -- a look into the table.
    CREATE INDEX listings_sample ON listings (cell) INCLUDE (
            latitude_e6, longitude_e6, nightly_minor, currency, guests, beds, bedrooms, rating_e2,
            minimum_nights, maximum_nights, advance_notice_days, nights_from,
            nights_0, nights_1, nights_2, nights_3, nights_4, nights_5,
            nights_6, nights_7, nights_8, nights_9, nights_10, nights_11)
        WHERE status = 'published' AND get_byte(uuid_send(property_id), 15) % 16 = 0;

    CREATE TABLE listing_ratings (
        source_id   uuid    NOT NULL,
        property_id uuid    NOT NULL,
        ratings     integer NOT NULL,
        sum_e2      bigint  NOT NULL,
        counts      boolean NOT NULL,
        CONSTRAINT listing_ratings_pkey PRIMARY KEY (source_id)
    );
    CREATE INDEX listing_ratings_property ON listing_ratings (property_id) WHERE counts;
    COMMENT ON TABLE listing_ratings IS
        'What a review, or another marketplace, gave a property. A sealed review does not count.';

    CREATE FUNCTION portion(minor bigint, basis_points integer) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN minor * basis_points / 10000 + CASE
        WHEN 2 * (minor * basis_points % 10000) > 10000 THEN 1
        WHEN 2 * (minor * basis_points % 10000) = 10000 THEN minor * basis_points / 10000 % 2
        ELSE 0 END;
    COMMENT ON FUNCTION portion IS 'Basis points of an amount that is not negative, rounded half to even.';

    CREATE FUNCTION nights_price(
        check_in date, check_out date, weekend_nights integer, nightly bigint, weekend bigint,
        override_firsts date[], override_untils date[], override_minors bigint[]
    ) RETURNS bigint LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
    BEGIN
        IF cardinality(override_firsts) = 0 THEN
            RETURN nightly * (check_out - check_in - weekend_nights) + coalesce(weekend, nightly) * weekend_nights;
        END IF;
        RETURN (
            SELECT sum(coalesce(
                (SELECT o.minor FROM unnest(override_firsts, override_untils, override_minors)
                     WITH ORDINALITY AS o (first, until, minor, number)
                 WHERE o.first <= check_in + n AND check_in + n < o.until ORDER BY o.number DESC LIMIT 1),
                CASE WHEN extract(isodow FROM check_in + n) IN (5, 6) THEN weekend END,
                nightly))
            FROM generate_series(0, check_out - check_in - 1) AS n);
    END $$;
    COMMENT ON FUNCTION nights_price IS 'domain.pricing.Pricing.nightly_price, over the nights of a stay.';

    CREATE FUNCTION stay_total(
        nights bigint, discount_percent integer, non_refundable_bp integer, extra bigint, cleaning bigint,
        service_fee_bp integer, tax_bp integer
    ) RETURNS bigint LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
    DECLARE
        discounted bigint := nights - portion(nights, discount_percent * 100);
        left_over  bigint := discounted - portion(discounted, non_refundable_bp);
        base       bigint := left_over + extra + cleaning;
    BEGIN
        RETURN base + portion(base, service_fee_bp)
             + portion(left_over, tax_bp) + portion(extra, tax_bp) + portion(cleaning, tax_bp);
    END $$;
    COMMENT ON FUNCTION stay_total IS 'domain.pricing.quote, the total only; tests compare them.';
    """)
