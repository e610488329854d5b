"""Logins by OpenID Connect that were finished: each is finished once."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE oidc_logins_used (
        login_id uuid        NOT NULL,
        used_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT oidc_logins_used_pkey PRIMARY KEY (login_id)
    );
    CREATE INDEX oidc_logins_used_at ON oidc_logins_used (used_at);
    COMMENT ON TABLE oidc_logins_used IS 'Random ids of logins, for as long as one may take; nothing of a person.';
    """)
