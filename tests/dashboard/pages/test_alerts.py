"""Alerts on the wall of a real browser: they appear, wait to be acknowledged, ring where that was asked for, and go."""

from __future__ import annotations

from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.dashboard.pages.test_wall import LIVE, show
from tests.fixtures.browser import OpenPage
from tests.fixtures.wall import Wall, incident

ROWS = "#alert-list [data-alert-id]"


def test_a_major_case_alerts_every_wall_and_one_acknowledgement_is_seen_on_all(
    wall: Wall, open_page: OpenPage
) -> None:
    one, two = open_page(), open_page()
    for page in (one, two):
        show(page, wall.url)
        expect(page.locator("#alerts-empty")).to_have_text("没有预警")
    number = wall.post("/api/v1/incidents", incident(1, grade="MAJOR"))[1]["results"][0]["case_no"]
    for page in (one, two):
        row = page.locator(ROWS)
        expect(row).to_have_count(1)
        expect(row).to_have_attribute("data-subject", number)
        expect(row).to_contain_text("邻里纠纷 · 重大 未办结")
        expect(row).to_contain_text("红")
        expect(page.locator("#alerts-note")).to_have_text("1 / 1 条未确认")
    one.locator(ROWS).get_by_role("button").click()
    for page in (one, two):
        expect(page.locator(ROWS)).to_have_attribute("data-state", "ACKED")
        expect(page.locator(ROWS).get_by_role("button")).to_be_hidden()
        expect(page.locator(ROWS)).to_contain_text("试验县综治中心")
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    closed = {
        "state": "CLOSED",
        "accepted_at": now,
        "resolved_at": now,
        "closed_at": now,
        "source_updated_at": now,
    }
    assert wall.post("/api/v1/incidents", incident(1, grade="MAJOR") | closed)[0] == 200
    for page in (one, two):
        expect(page.locator(ROWS)).to_have_count(0)
        expect(page.locator("#alerts-empty")).to_have_text("没有预警")


def test_the_gravest_comes_first_and_a_reload_shows_the_same(wall: Wall, page: Page) -> None:
    wall.post("/api/v1/incidents", [incident(n, grade="MAJOR") for n in range(3)])
    show(page, wall.url)
    expect(page.locator(ROWS)).to_have_count(3)
    shown = page.locator(ROWS).evaluate_all("(rows) => rows.map((row) => row.dataset.alertId)")
    page.reload()
    page.wait_for_selector(LIVE)
    expect(page.locator(ROWS)).to_have_count(3)
    assert page.locator(ROWS).evaluate_all("(rows) => rows.map((row) => row.dataset.alertId)") == shown


def test_sound_is_off_until_someone_turns_it_on_and_a_mute_has_an_end(wall: Wall, page: Page) -> None:
    show(page, wall.url)
    wall.post("/api/v1/incidents", incident(1, grade="MAJOR"))
    expect(page.locator(ROWS)).to_have_count(1)
    sound = page.locator("#alert-sound")
    expect(sound).to_have_text("声音：关")
    assert page.locator("#alerts").get_attribute("data-rang") is None
    sound.click()
    expect(sound).to_have_text("声音：开")
    expect(page.locator("#alerts")).to_have_attribute("data-rang", "RED")
    page.locator("[data-mute='15']").click()
    expect(sound).to_contain_text("静音至 ")
    expect(page.locator("[data-mute='15']")).to_be_hidden()
    page.reload()
    page.wait_for_selector(LIVE)
    expect(page.locator("#alert-sound")).to_contain_text("静音至 ")
    page.locator("#alert-sound").click()
    expect(page.locator("#alert-sound")).to_have_text("声音：开")
