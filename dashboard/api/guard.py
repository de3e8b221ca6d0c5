"""What a request may see and do, as an error where it may not."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from flask import request

from dashboard.access import may_write, scope_of_request
from dashboard.api.problem import Problem
from dashboard.services import Services
from data_adapters.ledger import Scope, Snapshot
from data_adapters.ledger.past import TooMuchChanged
from data_adapters.ledger.past_counts import NotKept
from data_adapters.ledger.past_snapshot import PastSnapshot
from data_adapters.ledger.snapshot import GridRow

#: The longest span that is looked at row by row.
MOST_SPAN = timedelta(days=366)
#: Years that a question may be about: a day or a month to either side is a date as well, in any time zone.
YEARS = range(1_901, 9_999)
#: How long ago a moment has to be: by then every write of it is done.
SETTLED = timedelta(minutes=1)


def viewer_scope(services: Services) -> Scope:
    """The scope of the current request, or 401."""
    scope = scope_of_request(services)
    if scope is None:
        raise Problem(
            401,
            "需要显示令牌：/?display=TOKEN 或 Authorization: Bearer TOKEN；未配置 [[displays]] 时只限本机",
        )
    return scope


def must_write(services: Services) -> None:
    """401 unless the current request may write."""
    if not may_write(services):
        raise Problem(401, "写入需要 Authorization: Bearer TOKEN（[api] tokens）；未配置时只限本机")


class TooDear(Problem):
    """More has changed since then than is taken back for one answer."""


@contextmanager
def reading(services: Services) -> Iterator[Snapshot]:
    """A snapshot of what the current request may see."""
    with services.ledger.read(viewer_scope(services)) as snapshot:
        yield snapshot


def grid_or_404(snapshot: Snapshot, code: str | None) -> GridRow:
    """The grid of this code, or the scope's own for None. Outside the scope it does not exist."""
    found = snapshot.top_grid() if not code else snapshot.grid(code)
    if found is None:
        raise Problem(404, "没有这个网格")
    return found


def integer(name: str, default: int, low: int, high: int) -> int:
    """A whole number of the query string within bounds."""
    raw = request.args.get(name)
    if raw is None:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise Problem(400, f"参数 {name} 应为 {low} 到 {high} 的整数") from None
    if not low <= value <= high:
        raise Problem(400, f"参数 {name} 应为 {low} 到 {high} 的整数")
    return value


def number(name: str, low: float, high: float) -> float:
    """A required number of the query string within bounds."""
    try:
        value = float(request.args.get(name, ""))
    except ValueError:
        raise Problem(400, f"参数 {name} 应为 {low:g} 到 {high:g} 的数") from None
    if not low <= value <= high:
        raise Problem(400, f"参数 {name} 应为 {low:g} 到 {high:g} 的数")
    return value


def instant(name: str) -> datetime | None:
    """A time of the query string, with its offset."""
    raw = request.args.get(name)
    if not raw:
        return None
    try:
        found = datetime.fromisoformat(raw.replace(" ", "+"))
        if found.tzinfo is not None and found.year in YEARS:
            return found.astimezone(UTC)
    except ValueError:
        pass
    raise Problem(400, f"参数 {name} 应为带时区的时刻，如 2026-11-22T14:32:07+08:00")


def span() -> tuple[datetime, datetime] | None:
    """``from`` and ``to``: the span that is asked for, at most a leap year; None where neither is given."""
    since, until = instant("from"), instant("to")
    if since is None and until is None:
        return None
    if since is None or until is None or not timedelta() < until - since <= MOST_SPAN:
        raise Problem(400, f"参数 from、to 应为先后两个时刻，相隔至多 {MOST_SPAN.days} 天")
    return since, until


def moment(services: Services) -> datetime | None:
    """``at``: the moment that is asked for, if it is another one than now."""
    at = instant("at")
    if at is not None and at > services.now():
        raise Problem(400, "参数 at 不能晚于现在")
    return at


@contextmanager
def reading_at(services: Services, at: datetime | None) -> Iterator[Snapshot]:
    """A snapshot of what the current request may see, as it was known at `at` (None: now)."""
    scope = viewer_scope(services)
    if at is None:
        with services.ledger.read(scope) as snapshot:
            yield snapshot
        return
    try:
        with services.ledger.read_past(scope, at) as past:
            yield past
    except NotKept:
        raise Problem(422, "当时的数没有留存") from None
    except TooMuchChanged:
        raise TooDear(422, "这一刻之后变化太多，本网格回放不了；请下钻到下级，或选近一些的时刻") from None


def standing(services: Services, snapshot: Snapshot, at: datetime, *asked: Hashable) -> Hashable | None:
    """The key of an answer about a past moment, which stays as it was; None where it may still change: what is too
    fresh, or inferred from what is known today.
    """
    if not isinstance(snapshot, PastSnapshot) or not snapshot.exact or services.now() - at < SETTLED:
        return None
    return (*asked, at, snapshot.position(), snapshot.known_from, snapshot.grid_revision())


def day(name: str) -> date | None:
    """A date of the query string; a time is cut to its date."""
    raw = request.args.get(name)
    if not raw:
        return None
    try:
        found = datetime.fromisoformat(raw.replace(" ", "+")).date()
        if found.year in YEARS:
            return found
    except ValueError:
        pass
    raise Problem(400, f"参数 {name} 应为日期，如 2026-11-22")
