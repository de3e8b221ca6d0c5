"""A moment that is too dear to be taken back: the whole day before it, and what is not known is not told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Blueprint, Flask

from dashboard.api import view
from dashboard.day_view import LEFT_OUT, REDRAWN, WHOLE_DAY
from dashboard.past_view import NOT_KEPT
from dashboard.services import Services
from data_adapters.ledger import past
from tests.dashboard.test_past_view import centre, then
from tests.fixtures.town import NOW, Clock, case, grid

#: Three days of cases: on each two are reported and one of those of the day before is closed.
DAYS = 3


@pytest.fixture
def lived(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Services, Clock, Any]]:
    clock = Clock(NOW - timedelta(days=DAYS))
    services = centre(sqlite_url, clock, tmp_path)
    for day in range(DAYS):
        told = [
            case(
                10 * day + n, lon=0.25 + n, occurred_at=clock.now, reported_at=clock.now,
                accepted_at=clock.now, state="ACCEPTED",
            )
            for n in range(2)
        ]  # fmt: skip
        if day:
            old = clock.now - timedelta(days=1)
            told.append(
                case(
                    10 * day - 10, occurred_at=old, reported_at=old, accepted_at=old, closed_at=clock.now,
                    state="CLOSED", source_updated_at=clock.now,
                )
            )  # fmt: skip
        services.ledger.write_cases(told)
        clock.now += timedelta(days=1)
    monkeypatch.setattr(past, "MOST", 0)
    api = Blueprint("api", __name__)
    view.routes(api, services)
    app = Flask(__name__)
    app.register_blueprint(api)

    def get(path: str) -> Any:
        return app.test_client().get(path).get_json()

    yield services, clock, get
    services.ledger.close()


def test_a_moment_after_which_too_much_has_changed_is_told_by_its_whole_days(
    lived: tuple[Services, Clock, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, _, get = lived
    at = NOW - timedelta(days=1, hours=1)
    found = get(f"/view?at={quote(at.isoformat())}")
    assert (found["exact"], found["notes"], found["cases"], found["alerts"]) == (
        False,
        [WHOLE_DAY, LEFT_OUT],
        [],
        [],
    )
    assert found["as_known_at"] == "2026-11-20T23:59:59.999+08:00"
    monkeypatch.undo()
    exact = then(services, at - timedelta(hours=18))
    assert exact["exact"]
    same = [name for name in exact["figures"] if name.split(".")[0] in {"day", "bin", "loop"}]
    assert {name: found["figures"][name] for name in same} == {name: exact["figures"][name] for name in same}
    assert found["figures"]["loop.HANDLE"]["n"] == 3
    assert found["figures"]["tile.K01"]["value"] == exact["figures"]["tile.K01"]["value"] == 2
    assert found["figures"]["child.62051"]["n"] == exact["figures"]["child.62051"]["n"] == 2
    # What only the rows of then could say.
    assert found["figures"]["tile.K63a"]["note"] == NOT_KEPT
    assert not [name for name in found["figures"] if name.startswith(("category", "unassigned"))]


def test_the_list_of_such_a_moment_ends_there_and_has_the_stages_of_then(
    lived: tuple[Services, Clock, Any],
) -> None:
    _, _, get = lived
    found = get(f"/view?at={quote((NOW - timedelta(days=2) + timedelta(hours=3)).isoformat())}")
    assert len(found["feed"]) == 4
    assert {row["state"] for row in found["feed"]} == {"ACCEPTED", "CLOSED"}
    early = get(f"/view?at={quote((NOW - timedelta(days=3) + timedelta(hours=3)).isoformat())}")
    assert {row["state"] for row in early["feed"]} == {"ACCEPTED"}


def test_grids_that_were_drawn_anew_since_have_no_numbers_of_then(
    lived: tuple[Services, Clock, Any],
) -> None:
    services, clock, get = lived
    day = clock.now.date()
    old = replace(grid("62051", "甲镇", 1, "6205", 0, 0, 1, 2), valid_to=day)
    new = replace(grid("62059", "新镇", 1, "6205", 0, 0, 1, 2), valid_from=day, predecessor="62051")
    services.ledger.write_grids([old, new])
    found = get(f"/view?at={quote((NOW - timedelta(days=1, hours=1)).isoformat())}")
    assert found["notes"] == [WHOLE_DAY, LEFT_OUT, REDRAWN]
    assert not [name for name in found["figures"] if name.startswith("child.")]
    assert {child["code"] for child in found["children"]} == {"62051", "62052", "62053"}
