"""The nights guard: no two stays of a property overlap, by constraint."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE EXTENSION IF NOT EXISTS btree_gist;

    -- A block's lane is a number of its own, a stay's lane is every number.
    CREATE SEQUENCE nights_lane_seq AS bigint;
    CREATE FUNCTION own_lane() RETURNS int8range LANGUAGE sql VOLATILE AS
        $$ SELECT int8range(n, n, '[]') FROM nextval('nights_lane_seq') AS n $$;

    CREATE TABLE nights (
        property_id uuid      NOT NULL,
        claim_id    uuid      NOT NULL,
        nights      daterange NOT NULL,
        lane        int8range NOT NULL,
        held_until  timestamptz,
        CONSTRAINT nights_no_overlap
            EXCLUDE USING gist (property_id WITH =, nights WITH &&, lane WITH &&),
        -- An empty range would pass the exclusion every time, an unbounded one would block a property for good.
        CONSTRAINT nights_bounded CHECK (
            NOT isempty(nights) AND NOT lower_inf(nights) AND NOT upper_inf(nights)
            AND isfinite(lower(nights)) AND isfinite(upper(nights))),
        CONSTRAINT nights_at_most_a_year CHECK (upper(nights) - lower(nights) <= 365),
        CONSTRAINT nights_lane_taken CHECK (NOT isempty(lane))
    );
    CREATE INDEX nights_claim ON nights (claim_id);
    CREATE INDEX nights_held ON nights (held_until) WHERE held_until IS NOT NULL;
    """)
