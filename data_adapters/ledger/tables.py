"""The tables of the ledger. One definition serves SQLite and PostgreSQL; migrations follow it (Alembic)."""

from __future__ import annotations

import sqlalchemy as sa

from data_adapters.ledger.contributions import FLOWS
from data_adapters.ledger.types import Instant, path_type

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)
# SQLite gives rowids to INTEGER keys only.
_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: The one row that numbers changes. ``epoch`` names one life of the store; ``revision`` counts grid changes.
stream = sa.Table(
    "stream",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("epoch", sa.String(36), nullable=False),
    sa.Column("top", sa.BigInteger, nullable=False),
    sa.Column("grid_revision", sa.BigInteger, nullable=False),
    sa.Column("video_revision", sa.BigInteger, nullable=False),
    sa.Column("rollup_depth", sa.Integer, nullable=False),
)

#: Every committed change, numbered without holes in commit order. ``path_before`` where a case moved.
change = sa.Table(
    "change",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("type", sa.String(16), nullable=False),
    sa.Column("accepted_at", Instant, nullable=False),
    sa.Column("path", path_type(), nullable=False),
    sa.Column("path_before", path_type()),
    sa.Column("body", sa.Text, nullable=False),
)

#: One row a version. A grid keeps its path while its parent stays; the geometry is WKB, EPSG:4490.
grid = sa.Table(
    "grid",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("code", sa.String(32), nullable=False),
    sa.Column("code_scheme", sa.String(16), nullable=False),
    sa.Column("level", sa.SmallInteger, nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("short_name", sa.String(16)),
    sa.Column("grid_type", sa.String(12), nullable=False),
    sa.Column("admin_code", sa.String(12)),
    sa.Column("path", path_type(), nullable=False),
    sa.Column("parent_path", path_type()),
    sa.Column("current", sa.Boolean, nullable=False),
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_to", sa.Date),
    sa.Column("predecessor", sa.String(32)),
    sa.Column("population", sa.BigInteger),
    sa.Column("households", sa.BigInteger),
    sa.Column("staff_required", sa.Integer),
    sa.Column("staff_count", sa.Integer),
    sa.Column("has_party_group", sa.Boolean),
    sa.Column("area_km2", sa.Float),
    sa.Column("lon", sa.Float),
    sa.Column("lat", sa.Float),
    sa.Column("west", sa.Float),
    sa.Column("south", sa.Float),
    sa.Column("east", sa.Float),
    sa.Column("north", sa.Float),
    sa.Column("geometry", sa.LargeBinary),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("quality", sa.String(128), nullable=False, server_default=""),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("ingested_at", Instant, nullable=False),
    sa.Index("ix_grid_code", "code"),
    sa.Index("ix_grid_path", "path"),
    sa.Index("ix_grid_parent_path", "parent_path"),
)

#: A case as it stands. ``path`` is the deepest known grid, the root's where no grid is known (待定位).
cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("case_no", sa.String(32), nullable=False, unique=True),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("source_id", sa.String(64), nullable=False),
    sa.Column("source_updated_at", Instant),
    sa.Column("ingested_at", Instant, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("path", path_type(), nullable=False),
    sa.Column("placed", sa.Boolean, nullable=False),
    sa.Column("is_open", sa.Boolean, nullable=False),
    sa.Column("light", sa.String(6), nullable=False),
    sa.Column("yellow_at", Instant),
    sa.Column("left_at", Instant),
    sa.Column("returned_at", Instant),
    sa.Column("reopened_at", Instant),
    sa.Column("closed_before_at", Instant),
    sa.Column("quality", sa.String(256), nullable=False, server_default=""),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("category", sa.String(64), nullable=False),
    sa.Column("grade", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("source_channel", sa.String(16)),
    sa.Column("grid_code", sa.String(32)),
    sa.Column("lon", sa.Float),
    sa.Column("lat", sa.Float),
    sa.Column("location_accuracy_m", sa.Integer),
    sa.Column("place_id", sa.String(64)),
    sa.Column("occurred_at", Instant, nullable=False),
    sa.Column("reported_at", Instant, nullable=False),
    sa.Column("registered_at", Instant),
    sa.Column("accepted_at", Instant),
    sa.Column("assigned_at", Instant),
    sa.Column("received_at", Instant),
    sa.Column("resolved_at", Instant),
    sa.Column("closed_at", Instant),
    sa.Column("followed_up_at", Instant),
    sa.Column("due_at", Instant),
    sa.Column("outcome", sa.String(16)),
    sa.Column("resolution_method", sa.String(16)),
    sa.Column("origin_level", sa.String(12)),
    sa.Column("handling_level", sa.String(12)),
    sa.Column("resolved_level", sa.String(12)),
    sa.Column("handling_org", sa.String(64)),
    sa.Column("lead_org", sa.String(64)),
    sa.Column("scale", sa.String(2)),
    sa.Column("event_level", sa.String(2)),
    sa.Column("urgency", sa.String(2)),
    sa.Column("joint_type", sa.String(16)),
    sa.Column("supervision_card", sa.String(8)),
    sa.Column("involved_count", sa.Integer),
    sa.Column("visit_count", sa.Integer),
    sa.Column("repeat_flag", sa.Boolean),
    sa.Column("reopened_count", sa.Integer),
    sa.Column("suspended_s", sa.BigInteger),
    sa.Column("satisfaction", sa.String(16)),
    sa.UniqueConstraint("source", "source_id"),
    sa.Index("ix_cases_path_reported_at", "path", "reported_at"),
    sa.Index("ix_cases_reported_at", "reported_at"),
    sa.Index(
        "ix_cases_open",
        "path",
        sqlite_where=sa.text("is_open = 1 OR state = 'REPORTED' OR state = 'REGISTERED'"),
        postgresql_where=sa.text("is_open OR state = 'REPORTED' OR state = 'REGISTERED'"),
    ),
)

#: The last case number given on each local day.
case_number = sa.Table(
    "case_number",
    metadata,
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("top", sa.Integer, nullable=False),
)

#: The steps of a case's life. ``hash`` chains each to the one before it.
case_event = sa.Table(
    "case_event",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("case_id", _id, sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("type", sa.String(16), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("from_state", sa.String(16)),
    sa.Column("to_state", sa.String(16)),
    sa.Column("org", sa.String(64)),
    sa.Column("post", sa.String(32)),
    sa.Column("direction", sa.String(8)),
    sa.Column("from_level", sa.String(12)),
    sa.Column("to_level", sa.String(12)),
    sa.Column("reason", sa.String(32)),
    sa.Column("outcome", sa.String(16)),
    sa.Column("satisfaction", sa.String(16)),
    sa.Column("due_after", Instant),
    sa.Column("inferred", sa.Boolean, nullable=False),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("source_id", sa.String(64)),
    sa.Column("ingested_at", Instant, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.UniqueConstraint("case_id", "number"),
    sa.UniqueConstraint("source", "source_id"),
)

video_point = sa.Table(
    "video_point",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("point_id", sa.String(64), nullable=False, unique=True),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("source_updated_at", Instant),
    sa.Column("ingested_at", Instant, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("path", path_type(), nullable=False),
    sa.Column("placed", sa.Boolean, nullable=False),
    sa.Column("name", sa.String(128)),
    sa.Column("lon", sa.Float),
    sa.Column("lat", sa.Float),
    sa.Column("grid_code", sa.String(32)),
    sa.Column("civil_code", sa.String(12)),
    sa.Column("status", sa.String(8), nullable=False),
    sa.Column("status_at", Instant),
    sa.Column("point_class", sa.String(8)),
    sa.Column("position_type", sa.SmallInteger),
    sa.Column("ptz_type", sa.SmallInteger),
    sa.Column("industry", sa.String(8)),
    sa.Column("should_network", sa.Boolean),
    sa.Column("networked", sa.Boolean),
    sa.Column("integrated", sa.Boolean),
    sa.Column("key_site", sa.String(64)),
    sa.Column("secrecy", sa.SmallInteger, nullable=False),
    sa.Column("parent_id", sa.String(64)),
    sa.Column("owner_org", sa.String(64)),
    sa.Column("maintainer_org", sa.String(64)),
    sa.Index("ix_video_point_path", "path"),
)

#: Transitions, not samples: what a time-weighted online rate needs.
video_status = sa.Table(
    "video_status",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("point_id", sa.String(64), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("status", sa.String(8), nullable=False),
    sa.Column("cause", sa.String(16)),
    sa.Column("source", sa.String(64), nullable=False),
    sa.UniqueConstraint("point_id", "at"),
)

#: Flows a local day for the large subtrees: counts only, columns are `contributions.FLOWS`.
tally = sa.Table(
    "tally",
    metadata,
    sa.Column("path", path_type(), primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in FLOWS),
    sqlite_with_rowid=False,
)

#: Stocks now, for the large subtrees: open cases by light, stage, category, grade; video points by state.
gauge = sa.Table(
    "gauge",
    metadata,
    sa.Column("path", path_type(), primary_key=True),
    sa.Column("measure", sa.String(96), primary_key=True),
    sa.Column("n", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: Rows that were refused, once a (source, row content, field); they leave when the row is accepted.
quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("row", sa.String(64), nullable=False),
    sa.Column("field", sa.String(64), nullable=False),
    sa.Column("code", sa.String(32), nullable=False),
    sa.Column("reason", sa.String(256), nullable=False),
    sa.Column("first_at", Instant, nullable=False),
    sa.Column("last_at", Instant, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.UniqueConstraint("source", "row", "field", "code"),
)

source_state = sa.Table(
    "source_state",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("cursor", sa.Text),
    sa.Column("every_s", sa.Integer),
    sa.Column("last_try_at", Instant, nullable=False),
    sa.Column("last_ok_at", Instant),
    sa.Column("read", sa.BigInteger, nullable=False),
    sa.Column("accepted", sa.BigInteger, nullable=False),
    sa.Column("refused", sa.BigInteger, nullable=False),
    sa.Column("error", sa.Text),
)
