"""The tables of the ledger. One definition serves SQLite and PostgreSQL; migrations follow it (Alembic)."""

from __future__ import annotations

import sqlalchemy as sa

from data_adapters.ledger.contributions import FLOWS
from data_adapters.ledger.types import Instant, Sha256, path_type
from data_adapters.ledger.video_time import FLOWS as VIDEO_FLOWS

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)
#: The times of a case that have an index of their own, besides the report.
STAGE_TIMES = (
    "accepted_at assigned_at resolved_at closed_at left_at reopened_at closed_before_at followed_up_at "
    "agreed_at ruled_at"
).split()
# SQLite gives rowids to INTEGER keys only.
_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _partial(name: str, *columns: str, where: str, sqlite: str | None = None) -> sa.Index:
    """An index of the rows under `where`; ``sqlite``: the same for SQLite, where a truth is a number."""
    return sa.Index(name, *columns, sqlite_where=sa.text(sqlite or where), postgresql_where=sa.text(where))


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
    sa.Column("span_depth", sa.Integer, nullable=False),
    # Of the time limits that the open cases' due times were computed with.
    sa.Column("limits", sa.String(32), nullable=False),
    # From when on every change left what was before it (`past`).
    sa.Column("known_from", Instant, nullable=False),
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

#: A case as it stands. ``org`` is who handles it, else who leads.
#: ``path`` is the deepest known grid, the root's where no grid is known (待定位).
cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("case_no", sa.String(32), nullable=False),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("source_id", sa.String(64), nullable=False),
    sa.Column("source_updated_at", Instant),
    sa.Column("ingested_at", Instant, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.BigInteger, nullable=False),
    sa.Column("path", path_type(), nullable=False),
    sa.Column("placed", sa.Boolean, nullable=False),
    sa.Column("is_open", sa.Boolean, nullable=False),
    sa.Column("light", sa.String(6), nullable=False),
    sa.Column("yellow_at", Instant),
    # When the light of an open case turns next: all that the tick has to look for.
    sa.Column("turn_at", Instant),
    sa.Column("left_at", Instant),
    sa.Column("returned_at", Instant),
    sa.Column("reopened_at", Instant),
    sa.Column("closed_before_at", Instant),
    sa.Column("suspended_at", Instant),
    sa.Column("agreed_at", Instant),
    sa.Column("applied_at", Instant),
    sa.Column("ruled_at", Instant),
    sa.Column("decide_by", Instant),
    sa.Column("sign_by", Instant),
    sa.Column("follow_by", Instant),
    sa.Column("due_told", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("invalid", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("looped", sa.Boolean),
    sa.Column("edge", sa.String(8)),
    sa.Column("orgs", sa.SmallInteger),
    # As one short text (`whistle`), and what the source itself told otherwise where steps moved the case (JSON).
    sa.Column("whistles", sa.Text),
    sa.Column("told", sa.Text),
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
    sa.Column("org", sa.String(64)),
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
    sa.Column("transfer_to", sa.String(16)),
    sa.Column("merged_into", sa.String(32)),
    sa.UniqueConstraint("source", "source_id"),
    # An index and no constraint, so that a load can make it last.
    sa.Index("ix_cases_case_no", "case_no", unique=True),
    # With how long those reported or accepted in a period took, in a grid whose histograms are not kept: the cases
    # themselves are not read for it.
    sa.Index("ix_cases_path_reported_at", "path", "reported_at", "ingested_at"),
    sa.Index("ix_cases_path_accepted_at", "path", "accepted_at", "closed_at", "suspended_s", "state"),
    sa.Index("ix_cases_reported_at", "reported_at"),
    # The rows behind a figure, page by page (`behind`): of a large grid in the order of the time that counts.
    *(
        _partial(
            f"ix_cases_{name}",
            name,
            where=f"{name} IS NOT NULL",
        )
        for name in STAGE_TIMES
    ),
    _partial(
        "ix_cases_whistled",
        "reported_at",
        where="whistles IS NOT NULL",
    ),
    _partial(
        "ix_cases_hazard",
        "reported_at",
        where="kind = 'HAZARD'",
    ),
    # 待定位: a fraction of them.
    _partial(
        "ix_cases_unplaced",
        *("path", "reported_at"),
        where="NOT placed",
        sqlite="placed = 0",
    ),
    _partial(
        "ix_cases_turn_at",
        "turn_at",
        where="turn_at IS NOT NULL",
    ),
    _partial(
        "ix_cases_due_at",
        *("due_at", "path", "state"),
        where="is_open",
        sqlite="is_open = 1",
    ),
    # All that the load of an organisation needs, so that its cases themselves are not read.
    _partial(
        "ix_cases_org",
        *("org", "is_open", "closed_at", "due_at", "path", "state"),
        where="org IS NOT NULL",
    ),
    # Where cases are stuck (断点): a fraction of them.
    _partial(
        "ix_cases_edge",
        *("edge", "path"),
        where="edge IS NOT NULL",
    ),
    _partial(
        "ix_cases_open",
        "path",
        where="is_open OR state = 'REPORTED' OR state = 'REGISTERED'",
        sqlite="is_open = 1 OR state = 'REPORTED' OR state = 'REGISTERED'",
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
    sa.Column("source_updated_at", Instant),
    # A step that its source corrected stays in the chain; the correction is a step of its own, with the same id.
    sa.Column("corrected", sa.Boolean, nullable=False, server_default=sa.false()),
    # The step was taken here, checked against the state it found; others are told by a source.
    sa.Column("taken", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("ingested_at", Instant, nullable=False),
    sa.Column("hash", Sha256, nullable=False),
    sa.UniqueConstraint("case_id", "number"),
    sa.Index("ix_case_event_source_id", "source_id"),
)

#: ``revision``: the stream's ``video_revision`` that a point last changed with.
video_point = sa.Table(
    "video_point",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("point_id", sa.String(64), nullable=False, unique=True),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("source_updated_at", Instant),
    sa.Column("ingested_at", Instant, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("path", path_type(), nullable=False),
    sa.Column("placed", sa.Boolean, nullable=False),
    sa.Column("name", sa.String(128)),
    sa.Column("lon", sa.Float),
    sa.Column("lat", sa.Float),
    sa.Column("grid_code", sa.String(32)),
    sa.Column("civil_code", sa.String(12)),
    sa.Column("status", sa.String(8), nullable=False),
    sa.Column("status_at", Instant),
    sa.Column("status_cause", sa.String(16)),
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
    sa.Index("ix_video_point_revision", "revision"),
    _partial(
        "ix_video_point_key_site",
        "path",
        "key_site",
        where="key_site IS NOT NULL",
    ),
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

#: The last local day with a report that stands, of grids that have a tally; NULL where none stands any more. Which
#: reported lately is asked of thousands of grids at once, and a day of one tally lies far from that of the next.
last_report = sa.Table(
    "last_report",
    metadata,
    sa.Column("path", path_type(), primary_key=True),
    sa.Column("day", sa.Integer),
    sqlite_with_rowid=False,
)

#: Rare flows, histograms and ways a local day for the large subtrees: `contributions.RARE` and `contributions.SPANS`.
spread = sa.Table(
    "spread",
    metadata,
    sa.Column("path", path_type(), primary_key=True),
    sa.Column("measure", sa.String(20), primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("bucket", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("n", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

#: Seconds of video points a local day, for the large subtrees: columns are `video_time.FLOWS`.
video_day = sa.Table(
    "video_day",
    metadata,
    sa.Column("path", path_type(), primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    *(sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in VIDEO_FLOWS),
    sqlite_with_rowid=False,
)

#: Daily figures once they are final, and every later one that differs (已修订); written by the tick.
final_figure = sa.Table(
    "final_figure",
    metadata,
    sa.Column("path", path_type(), primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("counts", sa.Text, nullable=False),
    sa.Column("computed_at", Instant, nullable=False),
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

#: Organisations as they are; ``path`` is the ground they serve. One that its source no longer gives is not current.
org = sa.Table(
    "org",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("code", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("short_name", sa.String(16)),
    sa.Column("org_type", sa.String(24), nullable=False),
    sa.Column("level", sa.String(12)),
    sa.Column("parent", sa.String(64)),
    sa.Column("grid_code", sa.String(32)),
    sa.Column("mediator_count", sa.Integer),
    sa.Column("path", path_type(), nullable=False),
    sa.Column("current", sa.Boolean, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("source_updated_at", Instant),
    sa.Column("ingested_at", Instant, nullable=False),
    sa.Index("ix_org_path", "path"),
)

#: Published or reported figures, one a (indicator, grid, period). ``latest``: its grid reported no later period.
indicator_fact = sa.Table(
    "indicator_fact",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("indicator", sa.String(32), nullable=False),
    sa.Column("grid_code", sa.String(32), nullable=False),
    sa.Column("path", path_type(), nullable=False),
    sa.Column("period_from", sa.Date, nullable=False),
    sa.Column("period_to", sa.Date, nullable=False),
    sa.Column("numerator", sa.BigInteger, nullable=False),
    sa.Column("denominator", sa.BigInteger),
    sa.Column("as_of", Instant),
    sa.Column("latest", sa.Boolean, nullable=False),
    sa.Column("revisions", sa.Integer, nullable=False),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("ingested_at", Instant, nullable=False),
    sa.UniqueConstraint("indicator", "grid_code", "period_from", "period_to"),
    sa.Index("ix_indicator_fact_indicator_period_to", "indicator", "period_to"),
    _partial(
        "ix_indicator_fact_latest",
        "path",
        "indicator",
        where="latest",
        sqlite="latest = 1",
    ),
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
    sa.Column("lag", sa.BigInteger),
    sa.Column("last_message_at", Instant),
    sa.Column("retry_at", Instant),
    sa.Column("report", sa.JSON, nullable=False),
)

#: What a rule found and people answer for: one row a rule and subject; it opens again where it comes back.
alert = sa.Table(
    "alert",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("rule", sa.String(8), nullable=False),
    sa.Column("subject_type", sa.String(16), nullable=False),
    sa.Column("subject", sa.String(64), nullable=False),
    sa.Column("severity", sa.String(8), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("path", path_type(), nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("first_at", Instant, nullable=False),
    sa.Column("last_at", Instant, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("acked_at", Instant),
    sa.Column("acked_by", sa.String(64)),
    sa.Column("closed_at", Instant),
    sa.UniqueConstraint("rule", "subject_type", "subject"),
    sa.Index("ix_alert_state_path", "state", "path"),
)

#: What a row was before each change (`history`): old values as JSON, NULL where it was not there before.
#: ``path_after`` where it moved.
past = sa.Table(
    "past",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("subject", sa.String(64), nullable=False),
    sa.Column("path", path_type(), nullable=False),
    sa.Column("path_after", path_type()),
    sa.Column("before", sa.Text),
    sa.Index("ix_past_kind_at", "kind", "at"),
    sa.Index("ix_past_path", "path", "kind", "at"),
    # What moved is looked for where it went, too, and wherever else it was.
    _partial(
        "ix_past_path_after",
        *("path_after", "kind", "at"),
        where="path_after IS NOT NULL",
    ),
    sa.Index("ix_past_subject", "subject", "kind", "at"),
)

#: How far somebody who acts on the change log has read it.
follower = sa.Table(
    "follower",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("epoch", sa.String(36), nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
)
#: The last order from each scope to the walls of each name; "" is all of them.
wall_order = sa.Table(
    "wall_order",
    metadata,
    sa.Column("wall", sa.String(64), primary_key=True),
    sa.Column("scope", path_type(), primary_key=True),
    sa.Column("path", path_type()),
    sa.Column("scene", sa.String(32)),
    sa.Column("grid_code", sa.String(64)),
    sa.Column("case_no", sa.String(32)),
    sa.Column("lock", sa.Boolean, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
)
#: What walls last told of themselves, by name and the path of their scope.
wall_seen = sa.Table(
    "wall_seen",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("path", path_type(), primary_key=True),
    sa.Column("shows", sa.Text, nullable=False),
    sa.Column("heard_at", Instant, nullable=False),
)
