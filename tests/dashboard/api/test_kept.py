"""Answers about past moments that are kept: they stay as they were, but for what is of the answer itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Blueprint, Flask

from dashboard import view as shown
from dashboard.api import paint, view
from dashboard.services import Services
from tests.dashboard.test_past_view import centre
from tests.fixtures.town import NOW, Clock, case


@pytest.fixture
def asked(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[Services, Clock, Any]]:
    """A centre without a server, its clock, and what answers a path under the API."""
    clock = Clock()
    services = centre(sqlite_url, clock, tmp_path)
    api = Blueprint("api", __name__)
    view.routes(api, services)
    paint.routes(api, services)
    app = Flask(__name__)
    app.register_blueprint(api)
    yield services, clock, lambda path: app.test_client().get(path).get_json()
    services.ledger.close()


def moment(at: datetime) -> str:
    return quote(at.isoformat(timespec="milliseconds"))


def test_a_kept_view_of_then_tells_the_time_of_now(asked: tuple[Services, Clock, Any]) -> None:
    services, clock, get = asked
    services.ledger.write_cases([case(1)])
    clock.now += timedelta(hours=1)
    path = f"/view?at={moment(NOW + timedelta(minutes=5))}"
    first = get(path)
    clock.now += timedelta(minutes=3)
    again = get(path)
    assert again["server_time"] == clock.now.isoformat(timespec="milliseconds")
    assert {**first, "server_time": None} == {**again, "server_time": None}


def test_colours_of_a_moment_are_those_of_all_that_was_written_by_then(
    asked: tuple[Services, Clock, Any],
) -> None:
    services, clock, get = asked
    services.ledger.write_cases([case(1)])
    at = NOW + timedelta(seconds=5)
    path = f"/grids/6205/paint?indicator=K01&window=7d&at={moment(at)}"
    clock.now = at

    def counted() -> int:
        return sum(item["value"] for item in get(path)["items"])

    assert counted() == 1
    # In the very same millisecond, after somebody asked.
    services.ledger.write_cases([case(2)])
    assert counted() == 2
    clock.now += timedelta(minutes=2)
    assert counted() == 2


def test_history_that_is_loaded_later_changes_what_is_inferred(asked: tuple[Services, Clock, Any]) -> None:
    services, clock, get = asked
    old = NOW - timedelta(days=3)
    services.ledger.write_cases([case(1, occurred_at=old, reported_at=old)])
    clock.now += timedelta(hours=1)
    path = f"/grids/6205/paint?indicator=K01&window=7d&at={moment(NOW - timedelta(days=1))}"
    assert sum(item["value"] for item in get(path)["items"]) == 1
    told = [case(n, occurred_at=old, reported_at=old) for n in range(2, 200)]
    services.ledger.write_cases(told, bulk=True)
    assert sum(item["value"] for item in get(path)["items"]) == 199


def test_a_view_is_made_once_until_the_log_goes_on_and_tells_the_time_of_each_answer(
    asked: tuple[Services, Clock, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, clock, get = asked
    services.ledger.write_cases([case(1)])
    made: list[int] = []
    honest = shown.feed
    monkeypatch.setattr(shown, "feed", lambda *told: made.append(1) or honest(*told))
    first = get("/view")
    clock.now += timedelta(seconds=7)
    again = get("/view")
    assert made == [1]
    assert again["server_time"] == clock.now.isoformat(timespec="milliseconds")
    assert again["feed"] == first["feed"]
    services.ledger.write_cases([case(2)])
    after = get("/view")
    assert made == [1, 1]
    assert {row["case_no"] for row in after["feed"]} > {row["case_no"] for row in again["feed"]}
    assert len(after["cases"]) == len(again["cases"]) + 1
    below = get("/view?grid=62051")
    assert below["grid"]["code"] == "62051"
    assert below["breadcrumb"] != after["breadcrumb"]
