"""Indicators that a county writes into its configuration, without Python."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dashboard.indicators.catalogue import CATALOGUE, Catalogue
from dashboard.indicators.explanation import explain
from dashboard.indicators.figures import figures
from dashboard.indicators.reading import Reading
from dashboard.pages import wall
from data_adapters.ledger import Ledger, Scope
from data_adapters.settings import Settings, load
from data_adapters.settings_error import SettingsError
from tests.dashboard.panels.test_skeleton import components
from tests.data_adapters.test_settings import HEAD, write
from tests.fixtures.town import NOW, case, grid, open_town

OWN = """[[indicators]]
id = "LEFT"
label = "办结或移送率"
label_en = "Closed or transferred"
formula = "期内办结与移送 ÷ 期内受理与重办"
better = "up"
numerator = "closed + transferred"
denominator = "accepted + reopened"
of = ["办结移送", "受理"]

[[indicators]]
id = "邻里在办"
label = "邻里在办"
unit = "件"
formula = "此刻在办的邻里纠纷"
numerator = "open.category.邻里"

[[indicators]]
id = "DENSITY"
label = "万人在办"
unit = "件/万人"
formula = "此刻在办 ÷ 常住人口 × 10000"
numerator = "open"
denominator = "population"
of = ["在办", "常住人口"]
per = 10000
hide_below = 2

[[indicators]]
id = "SX1"
label = "党小组覆盖率"
formula = "有党小组的网格 ÷ 说明有无的网格"
numerator = "grids.party"
denominator = "grids.party_known"
of = ["有党小组", "网格"]
"""
ONE = OWN.split("\n\n", maxsplit=1)[0] + "\n"


def catalogue(folder: Path, text: str = OWN) -> Catalogue:
    return Catalogue.of(load(write(folder, HEAD + text)))


@pytest.fixture
def town(sqlite_url: str) -> Ledger:
    """Nine closed, one transferred, two open, of the first town; four of its grids say of a party group."""
    ledger = open_town(sqlite_url)
    done = {"accepted_at": NOW - timedelta(hours=1), "closed_at": NOW - timedelta(minutes=5)}
    cases = [case(n, state="CLOSED", **done) for n in range(9)]
    cases += [case(20, state="TRANSFERRED", accepted_at=NOW - timedelta(hours=1))]
    cases += [case(n, state="IN_PROGRESS", accepted_at=NOW - timedelta(hours=1)) for n in (30, 31)]
    ledger.write_cases(cases)
    box = {"6205111": (0, 0), "6205112": (0.5, 0), "6205121": (0, 1), "6205122": (0.5, 1)}
    said = [grid(code, f"{code[-1]}组", 3, code[:6], x, y, 0.5, 1) for code, (x, y) in box.items()]
    ledger.write_grids([replace(one, has_party_group=n < 3, population=50) for n, one in enumerate(said)])
    return ledger


def test_own_indicators_stand_behind_the_built_in_ones_with_value_interval_and_source(
    tmp_path: Path, town: Ledger
) -> None:
    known = catalogue(tmp_path)
    assert [one.id for one in known] == [*(one.id for one in CATALOGUE), "LEFT", "邻里在办", "DENSITY", "SX1"]
    with town.read(Scope.everything()) as snapshot:
        reading = Reading(snapshot, "000", snapshot.today, snapshot.today)
        left = known.by_id["LEFT"]
        assert left.measure(reading) == (10, 12)
        assert left.value(reading, 10, 12) == 83.3
        assert left.bounds(10, 12) == (55.2, 95.3)
        assert (left.period, left.kinds, left.better) == ("期内发生", ("case",), "up")
        assert known.by_id["邻里在办"].measure(reading) == (2, None)
        assert known.by_id["邻里在办"].period == "此刻存量，与期间无关"
        party = known.by_id["SX1"]
        assert party.measure(reading) == (3, 4)
        assert (party.kinds, party.note(3, 4)) == (("grid",), "样本不足")
        assert explain(left, reading)["period"]["note"].startswith("截至")


def test_per_so_many_has_no_interval_and_small_counts_can_be_hidden(tmp_path: Path, town: Ledger) -> None:
    density = catalogue(tmp_path).by_id["DENSITY"]
    with town.read(Scope.everything()) as snapshot:
        group = snapshot.grid("6205111")
        assert group is not None
        here = Reading(snapshot, group.path, snapshot.today, snapshot.today)
        assert density.measure(here) == (2, 50)
        assert density.value(here, 2, 50) == 400.0
        assert density.bounds(2, 50) is None
        assert (density.value(here, 1, 50), density.note(1, 50)) == (None, "不足 2 件，不显示")
        nobody = Reading(snapshot, "000", snapshot.today, snapshot.today)
        assert density.measure(nobody) == (2, 0)
        assert (density.value(nobody, 2, 0), density.note(2, 0)) == (None, "分母为 0")


def test_any_indicator_can_be_a_tile(tmp_path: Path, town: Ledger) -> None:
    known = catalogue(tmp_path, '[wall]\ntiles = ["K01", "LEFT", "K60"]\n' + OWN)
    shown = [props["data-indicator"] for props in components(wall.layout(known)) if "data-indicator" in props]
    assert shown == ["K01", "LEFT", "K60"]
    with town.read(Scope.everything()) as snapshot:
        found = figures(snapshot, "000", known.tiles)
    assert [key for key in found if key.startswith("tile.")] == ["tile.K01", "tile.LEFT", "tile.K60"]
    tile = found["tile.LEFT"]
    assert (tile["value"], tile["text"], tile["numerator"], tile["denominator"]) == (83.3, "83.3", 10, 12)
    assert (tile["of"], tile["period"], tile["unit"]) == ("办结移送 / 受理", "本月 1–22 日", "%")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            ONE.replace("closed +", "clsoed +"),
            "yiping.toml:16 indicators[1].numerator：（LEFT）没有名为 clsoed 的计数，是否想写 closed？",
        ),
        (ONE.replace('of = ["办结移送", "受理"]', ""), "indicators[1]：（LEFT）缺少 of"),
        (ONE.replace("numerator", "nummerator"), "未知的键，是否想写 numerator？"),
        (ONE.replace('"LEFT"', '"K01"'), "indicators（K01）：K01 已是内置的 上报量，请换一个 id"),
        (ONE.replace('"LEFT"', '"a/b"'), "indicators[1].id：（a/b）含有不能用的字符"),
        (ONE + ONE, "indicators：名称重复 'LEFT'，每个应不同"),
        ('[wall]\ntiles = ["LEFT"]\n', "wall.tiles：没有指标 LEFT"),
        ('[wall]\ntiles = ["K99"]\n', "，是否想写 K"),
        (ONE.replace('better = "up"', 'better = "more"'), "应为 'up', 'down' or '' 之一"),
        (ONE.replace('denominator = "accepted + reopened"\nof = ["办结移送", "受理"]', ""), "unit 应为"),
    ],
)
def test_what_is_wrong_in_the_configuration_is_told_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        catalogue(tmp_path, text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_configuration_without_indicators_has_the_built_in_ones_and_the_usual_tiles(tmp_path: Path) -> None:
    settings: Settings = load(write(tmp_path, HEAD))
    assert list(Catalogue.of(settings)) == list(CATALOGUE)
    assert [one.id for one in Catalogue.of(settings).tiles] == ["K01", "K07", "K11", "K10", "K13a", "K63a"]
