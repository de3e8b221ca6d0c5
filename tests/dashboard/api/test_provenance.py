"""Every record of the API says which source told it, as of when, and what is doubted of it."""

from __future__ import annotations

from tests.fixtures.wall import Wall, incident


def test_a_grid_says_its_source_and_its_quality(quiet_wall: Wall) -> None:
    status, body = quiet_wall.get("/api/v1/grids/62051")
    assert status == 200
    assert (body["source"], body["valid_from"], body["quality"]) == ("grids", None, [])


def test_a_case_says_its_source_its_upstream_time_and_what_is_doubted(quiet_wall: Wall) -> None:
    told = incident(9_001, grid_code="nowhere", state="ACCEPTED")
    status, body = quiet_wall.post("/api/v1/incidents", told)
    assert status == 200
    (result,) = body["results"]
    for path in (f"/api/v1/cases/{result['case_no']}", "/api/v1/cases?limit=1000"):
        status, body = quiet_wall.get(path)
        assert status == 200
        cases = body.get("items", [body])
        (case,) = [one for one in cases if one["case_no"] == result["case_no"]]
        assert case["source"] == told["source"]
        assert case["source_updated_at"] == told["source_updated_at"]
        assert set(case["quality"]) == {"unknown_grid", "accepted_at_inferred"}
