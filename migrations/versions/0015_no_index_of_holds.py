"""Nobody asks the guard for lapsed holds any more: every hold was written to an index that is never read."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX nights_held")
