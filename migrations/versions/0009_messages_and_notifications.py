"""What guests and hosts write to each other, what people are told of, and lists of bookings that are filtered."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    -- What is written is personal data and no event. A null `text` is what is left of an erased author's.
    CREATE TABLE messages (
        booking_id  uuid        NOT NULL,
        number      integer     NOT NULL,
        author_id   uuid        NOT NULL,
        text        text,
        sent_at     timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT messages_pkey PRIMARY KEY (booking_id, number)
    );
    CREATE INDEX messages_author ON messages (author_id, booking_id, recorded_at);
    COMMENT ON COLUMN messages.recorded_at IS 'Real time: what the limit of messages per hour counts by.';

    CREATE TABLE correspondents (
        booking_id  uuid        NOT NULL,
        user_id     uuid        NOT NULL,
        messages    integer     NOT NULL,
        read_upto   integer     NOT NULL DEFAULT 0,
        unread      integer     NOT NULL,
        received_at timestamptz,
        CONSTRAINT correspondents_pkey PRIMARY KEY (booking_id, user_id)
    ) WITH (fillfactor = 85);
    CREATE INDEX correspondents_inbox ON correspondents (user_id, received_at, booking_id)
        WHERE received_at IS NOT NULL;
    COMMENT ON TABLE correspondents IS 'Each side of a thread: `messages` are of both, `unread` the other one''s.';

    CREATE TABLE notifications (
        user_id     uuid        NOT NULL,
        event_id    uuid        NOT NULL,
        position    bigint      NOT NULL,
        kind        text        NOT NULL,
        category    text        NOT NULL,
        booking_id  uuid,
        occurred_at timestamptz NOT NULL,
        CONSTRAINT notifications_pkey PRIMARY KEY (user_id, event_id)
    );
    CREATE INDEX notifications_newest ON notifications (user_id, occurred_at, event_id);
    CREATE INDEX notifications_unread ON notifications (user_id, position) INCLUDE (category);

    CREATE TABLE notification_parties (
        stream_id  uuid NOT NULL,
        booking_id uuid NOT NULL,
        guest_id   uuid NOT NULL,
        host_id    uuid NOT NULL,
        CONSTRAINT notification_parties_pkey PRIMARY KEY (stream_id)
    );
    COMMENT ON TABLE notification_parties IS 'Whom a stream''s facts concern, as the notifications projection learnt.';

    -- Neither follows from the log: a rebuild of the notifications leaves both alone.
    CREATE TABLE notification_marks (
        user_id   uuid   NOT NULL,
        read_upto bigint NOT NULL,
        CONSTRAINT notification_marks_pkey PRIMARY KEY (user_id)
    );
    CREATE TABLE notification_preferences (
        user_id  uuid    NOT NULL,
        category text    NOT NULL,
        email    boolean NOT NULL,
        in_app   boolean NOT NULL,
        CONSTRAINT notification_preferences_pkey PRIMARY KEY (user_id, category)
    );

    ALTER TABLE mailings DROP CONSTRAINT mailings_status;
    ALTER TABLE mailings ADD CONSTRAINT mailings_status CHECK (status IN ('pending', 'sent', 'refused', 'unwanted'));
    -- One mail tells of everything that is written while it waits.
    CREATE UNIQUE INDEX mailings_messages ON mailings (stream_id, recipient)
        WHERE template = 'message_received' AND status = 'pending';

    -- Whose turn it is and until when: until today a booking only ever waited for its guest's money.
    ALTER TABLE bookings ADD COLUMN waits_for text, ADD COLUMN waits_until timestamptz;
    UPDATE bookings SET waits_for = 'guest', waits_until = held_until WHERE status = 'pending';
    CREATE INDEX bookings_guest_waiting ON bookings (guest_id, created_at, booking_id) WHERE waits_for = 'guest';
    CREATE INDEX bookings_host_waiting ON bookings (host_id, created_at, booking_id) WHERE waits_for = 'host';
    CREATE INDEX bookings_guest_status ON bookings (guest_id, status, created_at, booking_id);
    CREATE INDEX bookings_property ON bookings (property_id, created_at, booking_id);
    CREATE INDEX bookings_host_check_in ON bookings (host_id, check_in);
    """)
