"""The corpus at the API of a running server: a reason for each, never a 5xx, never the end of the process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.bad.calls import POST, REQUESTS
from tests.bad.corpus import BadIncident, BadRequest
from tests.bad.cost import bounded
from tests.bad.incidents import INCIDENTS, NOW, PLACE
from tests.fixtures.wall import Wall


@pytest.fixture(scope="module")
def results(quiet_wall: Wall) -> dict[str, dict[str, Any]]:
    """What the server said to each incident of the corpus, all posted as one list."""
    items = []
    for bad in INCIDENTS:
        good = {"source": "corpus", "source_id": bad.id, "occurred_at": NOW, "reported_at": NOW}
        items.append(good | {"category": "邻里", "location": PLACE} | bad.changes)
    assert quiet_wall.process is not None
    with bounded(quiet_wall.process.pid):  # all of them together, so each of them too
        status, answer = quiet_wall.post(POST, raw=json.dumps(items).encode())
    assert status == 200, answer
    return {bad.id: result for bad, result in zip(INCIDENTS, answer["results"], strict=True)}


@pytest.mark.parametrize("bad", INCIDENTS, ids=str)
def test_an_incident_gets_its_reason(results: dict[str, dict[str, Any]], bad: BadIncident) -> None:
    result = results[bad.id]
    if bad.expected == "accepted":
        assert result["status"] in {"accepted", "updated", "duplicate"}, result
        return
    assert result["status"] == "rejected"
    assert bad.expected in [error["code"] for error in result["errors"]], result
    assert all(0 < len(error["reason"]) <= 256 for error in result["errors"])


@pytest.mark.parametrize("bad", REQUESTS, ids=str)
def test_a_request_gets_its_status_and_a_reason(quiet_wall: Wall, bad: BadRequest) -> None:
    assert quiet_wall.process is not None
    with bounded(quiet_wall.process.pid):
        status, body = quiet_wall.request(
            bad.method, bad.path, raw=bad.body if bad.method == "POST" else None
        )
    assert str(status) == bad.expected, body
    assert "Traceback" not in str(body)
    if bad.path.startswith("/api/"):
        assert body["status"] == status
        assert body["detail"]
    assert quiet_wall.process.poll() is None
