"""Reviews: those that everybody may read, those that are sealed, and what they add up to."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE sealed_reviews (
        review_id      uuid        NOT NULL,
        booking_id     uuid        NOT NULL,
        property_id    uuid        NOT NULL,
        author         text        NOT NULL,
        author_id      uuid        NOT NULL,
        subject_id     uuid        NOT NULL,
        overall        integer    NOT NULL,
        cleanliness    integer,
        accuracy       integer,
        check_in       integer,
        communication  integer,
        location       integer,
        value          integer,
        comment        text        NOT NULL,
        submitted_at   timestamptz NOT NULL,
        sealed_until   timestamptz NOT NULL,
        CONSTRAINT sealed_reviews_pkey PRIMARY KEY (review_id)
    );
    COMMENT ON TABLE sealed_reviews IS 'Personal: what author_id wrote, which nobody else may learn of yet.';
    CREATE INDEX sealed_reviews_due ON sealed_reviews (sealed_until);
    CREATE INDEX sealed_reviews_author ON sealed_reviews (author_id);

    CREATE TABLE reviews (
        review_id      uuid        NOT NULL,
        booking_id     uuid        NOT NULL,
        property_id    uuid        NOT NULL,
        author         text        NOT NULL,
        author_id      uuid        NOT NULL,
        subject_id     uuid        NOT NULL,
        overall        integer    NOT NULL,
        cleanliness    integer,
        accuracy       integer,
        check_in       integer,
        communication  integer,
        location       integer,
        value          integer,
        comment        text        NOT NULL,
        submitted_at   timestamptz NOT NULL,
        revealed_at    timestamptz NOT NULL,
        reply          text,
        replied_at     timestamptz,
        CONSTRAINT reviews_pkey PRIMARY KEY (review_id)
    );
    COMMENT ON TABLE reviews IS 'Personal: what author_id wrote of subject_id, and what that one replied.';
    CREATE INDEX reviews_property ON reviews (property_id, revealed_at, review_id) WHERE author = 'guest';
    CREATE INDEX reviews_subject ON reviews (subject_id, revealed_at, review_id);
    CREATE INDEX reviews_author ON reviews (author_id);

    CREATE TABLE ratings (
        kind                text    NOT NULL,
        rated_id            uuid    NOT NULL,
        overall_count       integer NOT NULL,
        cleanliness_count   integer NOT NULL,
        accuracy_count      integer NOT NULL,
        check_in_count      integer NOT NULL,
        communication_count integer NOT NULL,
        location_count      integer NOT NULL,
        value_count         integer NOT NULL,
        overall_sum         bigint  NOT NULL,
        cleanliness_sum     bigint  NOT NULL,
        accuracy_sum        bigint  NOT NULL,
        check_in_sum        bigint  NOT NULL,
        communication_sum   bigint  NOT NULL,
        location_sum        bigint  NOT NULL,
        value_sum           bigint  NOT NULL,
        CONSTRAINT ratings_pkey PRIMARY KEY (kind, rated_id)
    );
    """)
