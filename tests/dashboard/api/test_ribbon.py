"""The ribbon, a span of it and a moment over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from tests.fixtures.wall import Wall, incident, serve_centre

HALL = "token-of-the-hall-screen"
DISPLAYS = f'[[displays]]\nname = "甲镇大厅"\ntoken = "{HALL}"\ngrid = "62051"\n'
NOON = datetime.now(UTC).replace(hour=4, minute=5, second=0, microsecond=0) - timedelta(days=2)


def moment(at: datetime) -> str:
    """A moment as a query has it."""
    return quote(at.isoformat())


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """Two cases of the first town and one of the second, two days ago at 12:05, 14:05 and 14:10 of the centre."""
    folder = tmp_path_factory.mktemp("ribbon")
    wall = serve_centre(folder, f"sqlite:///{folder / 'yiping.db'}", DISPLAYS)
    for n, (lon, minutes) in enumerate(((0.25, 0), (0.25, 120), (1.25, 125))):
        at = (NOON + timedelta(minutes=minutes)).isoformat()
        body = incident(n, lon=lon, occurred_at=at, reported_at=at, grade="COMPLEX" if n else "ORDINARY")
        assert wall.post("/api/v1/incidents", [body])[0] == 200
    yield wall
    assert wall.stop() == 0


@pytest.mark.parametrize(
    ("span", "bins", "minutes"), [("day", 72, 20), ("week", 84, 120), ("month", 30, 1_440)]
)
def test_the_bins_are_of_the_centres_own_days(wall: Wall, span: str, bins: int, minutes: int) -> None:
    day = (NOON + timedelta(hours=8)).date().isoformat()
    status, found = wall.get(f"/api/v1/ribbon?span={span}&last={day}", HALL)
    assert (status, len(found["bins"])) == (200, bins)
    times = [
        (datetime.fromisoformat(one["from"]), datetime.fromisoformat(one["to"])) for one in found["bins"]
    ]
    assert {end - start for start, end in times} == {timedelta(minutes=minutes)}
    assert times[-1][1].strftime("%H:%M%z") == "00:00+0800"
    # Of the display's own town only, and the gravest grade of the bin.
    full = [(one["n"], one["grade"]) for one in found["bins"] if one["n"]]
    assert full == ([(2, "COMPLEX")] if span == "month" else [(1, "ORDINARY"), (1, "COMPLEX")])


def test_a_span_holds_what_was_reported_from_its_begin_to_before_its_end(wall: Wall) -> None:
    begin, end = moment(NOON), moment(NOON + timedelta(minutes=120))
    status, found = wall.get(f"/api/v1/span?from={begin}&to={end}", HALL)
    assert (status, found["n"], len(found["feed"]), len(found["cases"])) == (200, 1, 1, 1)
    assert wall.get(f"/api/v1/heat?from={begin}&to={end}", HALL)[1]["total"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "ribbon?span=year",
        "ribbon?last=tomorrow",
        "span",
        "span?from=2026-11-22T00:00:00%2B08:00",
        "span?from=2026-11-22T00:00:00%2B08:00&to=2026-11-21T00:00:00%2B08:00",
        "view?at=yesterday",
        "view?at=2026-11-22T14:32:07",
        "view?at=2999-01-01T00:00:00Z",
        "view?at=0001-01-01T00:00:00%2B14:00",
        "heat?from=1",
        "ribbon?last=0001-01-01",
        "ribbon?last=9999-12-31",
        "span?from=9999-12-31T00:00:00Z&to=9999-12-31T23:00:00Z",
        "indicators?from=0001-01-01&to=0001-01-02",
        "cases?from=0001-01-01",
    ],
)
def test_what_is_no_moment_or_span_is_refused_in_one_line(wall: Wall, path: str) -> None:
    status, problem = wall.get(f"/api/v1/{path}", HALL)
    assert status == 400
    assert "参数" in problem["detail"]


def test_a_moment_before_everything_is_an_empty_wall_and_says_that_it_is_inferred(wall: Wall) -> None:
    status, found = wall.get(f"/api/v1/view?at={moment(NOON - timedelta(days=1))}", HALL)
    assert (status, found["exact"], found["feed"], found["cases"]) == (200, False, [], [])
    assert found["notes"]


def test_neither_a_moment_nor_a_span_shows_another_town(wall: Wall) -> None:
    at, since = moment(datetime.now(UTC) - timedelta(seconds=1)), moment(NOON)
    for path in (
        f"view?at={at}&grid=62052",
        f"ribbon?grid=62052&at={at}",
        f"span?grid=62052&from={since}&to={at}",
    ):
        assert wall.get(f"/api/v1/{path}", HALL)[0] == 404
    assert wall.get(f"/api/v1/view?at={at}")[0] == 401
