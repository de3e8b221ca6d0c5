"""The files of the page: few, named after their content, kept for good, small on the wire."""

from __future__ import annotations

import gzip
import re
import urllib.request
from http.client import HTTPResponse
from pathlib import Path

import brotli
import pytest
from playwright.sync_api import Browser

from dashboard.bundle import Bundles, digest
from tests.fixtures.browser import until
from tests.fixtures.wall import Wall, incident

ASSETS = Path(__file__).parents[2] / "assets"
QUIET = "document.body.dataset.live === 'live' && Wall.map.get()?.loaded()"
MOST_BYTES, MOST_REQUESTS, MOST_AGAIN = 3_500_000, 40, 100_000


@pytest.fixture(scope="module")
def bundles() -> Bundles:
    return Bundles.of(ASSETS)


def fetch(address: str, encoding: str = "identity") -> tuple[HTTPResponse, bytes]:
    request = urllib.request.Request(address, headers={"Accept-Encoding": encoding})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer, answer.read()


def test_every_script_is_in_the_bundle_in_the_order_of_the_names_and_as_it_was_written(
    bundles: Bundles,
) -> None:
    text = bundles.scripts.body.decode()
    names = re.findall(r"^// (\S+\.js)$", text, re.M)
    assert names == ["socket.io.min.js", *sorted(path.name for path in ASSETS.glob("*.js"))]
    for path in ASSETS.glob("*.js"):
        assert path.read_text("utf-8") in text


def test_a_style_names_a_font_together_with_its_content(bundles: Bundles) -> None:
    assert len(bundles.fonts) == len(list((ASSETS / "vendor").glob("*.woff2")))
    for font in bundles.fonts:
        path, _, version = font.partition("?")
        assert version == digest((ASSETS / path.removeprefix("/assets/")).read_bytes())


def test_a_bundle_is_named_after_its_content_and_kept_for_good(quiet_wall: Wall, bundles: Bundles) -> None:
    for one in (bundles.scripts, bundles.styles, bundles.watch):
        answer, body = fetch(quiet_wall.url + one.address)
        assert body == one.body
        assert digest(body) in one.name
        assert "immutable" in answer.headers["Cache-Control"]
    assert quiet_wall.get("/bundle/wall-000000000000.js")[0] == 404


@pytest.mark.parametrize(
    ("asked", "unpack"), [("br, gzip", brotli.decompress), ("gzip, deflate", gzip.decompress)]
)
def test_a_bundle_comes_packed_as_the_browser_asked(
    quiet_wall: Wall, bundles: Bundles, asked: str, unpack: object
) -> None:
    answer, body = fetch(quiet_wall.url + bundles.scripts.address, asked)
    assert answer.headers["Content-Encoding"] == asked.partition(",")[0]
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert len(body) < len(bundles.scripts.body) / 2
    assert callable(unpack)
    assert unpack(body) == bundles.scripts.body


def test_a_wall_is_light_at_the_first_visit_and_lighter_at_the_second(
    quiet_wall: Wall, browser: Browser
) -> None:
    # A context of its own: one whose requests a test may refuse keeps nothing.
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    for most_bytes, name in ((MOST_BYTES, "first"), (MOST_AGAIN, "second")):
        tab = context.new_page()
        told = tab.context.new_cdp_session(tab)
        told.send("Network.enable")
        sizes: list[int] = []
        asked: list[str] = []
        told.on("Network.loadingFinished", lambda done, sizes=sizes: sizes.append(done["encodedDataLength"]))
        tab.on("request", lambda request, asked=asked: asked.append(request.url))
        tab.goto(quiet_wall.url)
        until(tab, QUIET, 60)
        tab.wait_for_timeout(500)
        tiles = tab.evaluate(
            "performance.getEntriesByType('resource').filter((one) => one.name.includes('/tiles/')).length"
        )
        assert sum(sizes) <= most_bytes, name
        assert len(asked) + tiles <= MOST_REQUESTS, asked
        assert not [
            address for address in asked if "dash_core_components" in address or "dash_table" in address
        ]
        tab.close()
    context.close()


def test_the_scripts_of_dash_are_packed_once_and_nothing_else_is(wall: Wall) -> None:
    _, page = fetch(f"{wall.url}/")
    (path,) = re.findall(rb'src="(/_dash-component-suites/[^"]*react-dom[^"]*)"', page)
    address = wall.url + path.decode()
    packed = [fetch(address, "gzip") for _ in range(2)]
    assert [answer.headers["Content-Encoding"] for answer, _ in packed] == ["gzip", "gzip"]
    assert packed[0][1] == packed[1][1]
    assert gzip.decompress(packed[0][1]) == fetch(address)[1]
    changed = []
    for number in range(2):
        assert wall.post("/api/v1/incidents", incident(number))[0] == 200
        answer, body = fetch(f"{wall.url}/api/v1/changes?after=0", "gzip")
        changed.append(gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body)
    assert changed[0] != changed[1]
