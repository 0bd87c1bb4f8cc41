"""A stored comparison names its model and its arms, and a reply the arm it is of."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
