"""Indicators that rest on reported figures: published vectors from real files and databases, scores by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from dashboard.indicators.catalogue import Catalogue
from dashboard.indicators.explanation import explain
from dashboard.indicators.figures import figures
from dashboard.indicators.reading import Reading, day_number
from dashboard.indicators.reported import span, words
from data_adapters.check import check
from data_adapters.ledger import Ledger, Scope
from data_adapters.report import Report
from data_adapters.settings import Settings, load
from data_adapters.settings_error import SettingsError
from data_adapters.sync import sync
from tests.dashboard.indicators.test_published import SETTINGS, write
from tests.data_adapters.test_settings import HEAD
from tests.data_adapters.test_settings import write as write_settings

SHEET = """[[sources]]
name = "sheet"
kind = "indicator"
path = "sheet.csv"
[sources.fields]
id = "指标"
grid_code = "网格"
month = "月份"
numerator = "分子"
denominator = "分母"
as_of = { column = "截至", format = "%Y-%m-%d" }
"""
TABLE = """[[sources]]
name = "table"
kind = "indicator"
reader = "sql"
url = "sqlite:///office.db"
query = "SELECT * FROM figures WHERE changed > :cursor ORDER BY changed"
cursor = "changed"
cursor_start = 0
[sources.fields]
id = "what"
grid_code = "grid"
period_from = "since"
period_to = "until"
numerator = "n"
denominator = "whole"
"""


def shares(*ids: str, more: str = "") -> str:
    """A configuration entry for each, of the plainest form."""
    return "".join(
        f'[[indicators]]\nid = "{id_}"\nlabel = "覆盖率"\nformula = "已建 ÷ 应建"\nfact = "{id_}"\n'
        f'of = ["已建", "应建"]\n{more}\n'
        for id_ in ids
    )


def counts(*ids: str, rule: str = "latest") -> str:
    return "".join(
        f'[[indicators]]\nid = "{id_}"\nlabel = "个数"\nunit = "个"\nformula = "个数"\nfact = "{id_}"\n'
        f'count = true\nperiod = "{rule}"\n'
        for id_ in ids
    )


SCORE = """[[indicators]]
id = "K83"
label = "月考核得分"
unit = "分"
formula = "运作成效 50 + 履职 30 + 网格员 20，加分不超过 10"
score = [
  { fact = "A", label = "运作成效", weight = 50 },
  { fact = "B", label = "履职", weight = 30 },
  { fact = "C", label = "网格员", weight = 20 },
]
bonus = { fact = "D", label = "加分", at_most = 10 }
"""


def write_grids(folder: Path, *codes: str) -> None:
    rows = [("6205", "示范县", 0, "", "", 332_000)]
    write(
        folder / "grids.csv",
        "编码 名称 层级 上级 网格员 人口",
        rows + [(c, c, 1, "6205", "", "") for c in codes],
    )


def write_sheet(folder: Path, rows: Sequence[Sequence[object]]) -> None:
    write(folder / "sheet.csv", "指标 网格 月份 分子 分母 截至", rows)


@contextmanager
def county(folder: Path, text: str) -> Iterator[tuple[Settings, Ledger]]:
    (folder / "yiping.toml").write_text(SETTINGS + text, encoding="utf-8")
    settings = load(folder / "yiping.toml")
    ledger = Ledger.open(settings.store.url, root="6205")
    yield settings, ledger
    ledger.close()


def read(settings: Settings, ledger: Ledger) -> Report:
    report = sync(settings, ledger)
    assert [(one.refused, one.error) for one in report.sources] == [(0, None)] * len(report.sources)
    return report


def says(
    settings: Settings, ledger: Ledger, id_: str, period: tuple[date, date] = (date(2026, 11, 1), date(2026, 11, 30)),
    grid: str = "6205",
) -> tuple[Any, ...]:  # fmt: skip
    """(n, N, value, interval) of the grid over the days of the period."""
    indicator = Catalogue.of(settings).by_id[id_]
    with ledger.read(Scope.everything()) as snapshot:
        here = snapshot.grid(grid)
        assert here is not None
        reading = Reading(snapshot, here.path, *(day_number(day) for day in period))
        n, whole = indicator.measure(reading)
        return n, whole, indicator.value(reading, n, whole), indicator.bounds(n, whole)


def test_shandan_117_studios_and_116_once_one_is_not_there(tmp_path: Path) -> None:
    villages = [f"62050{n:03}" for n in range(117)]
    write_grids(tmp_path, *villages)
    rows = [("SD6", code, "2026-11", 1, 1, "2026-11-20") for code in villages]
    write_sheet(tmp_path, rows)
    with county(tmp_path, SHEET + shares("SD6")) as (settings, ledger):
        read(settings, ledger)
        assert says(settings, ledger, "SD6") == (117, 117, 100.0, (96.8, 100.0))
        # The village says so itself, at a later time: an earlier sheet does not bring its studio back.
        write_sheet(tmp_path, [*rows[1:], ("SD6", villages[0], "2026-11", 0, 1, "2026-11-21")])
        read(settings, ledger)
        assert says(settings, ledger, "SD6") == (116, 117, 99.1, (95.3, 99.8))
        assert says(settings, ledger, "SD6", grid=villages[0])[:3] == (0, 1, 0.0)
        write_sheet(tmp_path, rows)
        read(settings, ledger)
        assert says(settings, ledger, "SD6")[:2] == (116, 117)
        # A row that is no longer in the sheet is no longer in the figure, and the report says so.
        write_sheet(tmp_path, rows[1:])
        report = read(settings, ledger)
        assert says(settings, ledger, "SD6")[:2] == (116, 116)
        (sheet,) = [one for one in report.sources if one.name == "sheet"]
        assert ("withdrawn", 1) in [(note.code, note.count) for note in sheet.notes]
        # Half a sheet is not believed.
        write_sheet(tmp_path, rows[:50])
        (broken,) = [one for one in sync(settings, ledger).sources if one.name == "sheet"]
        assert "少了超过五分之一" in (broken.error or "")
        assert says(settings, ledger, "SD6")[:2] == (116, 116)


def test_shanxi_legal_service_at_three_levels(tmp_path: Path) -> None:
    write_grids(tmp_path)
    told = [("SX2a", 118, 118), ("SX2b", 1418, 1418), ("SX2c", 18_193, 27_565)]
    write_sheet(tmp_path, [(id_, "6205", "2019-04", n, whole, "2019-05-16") for id_, n, whole in told])
    with county(tmp_path, SHEET + shares("SX2a", "SX2b", "SX2c")) as (settings, ledger):
        read(settings, ledger)
        assert says(settings, ledger, "SX2a")[:3] == (118, 118, 100.0)
        assert says(settings, ledger, "SX2b")[:3] == (1418, 1418, 100.0)
        assert says(settings, ledger, "SX2c") == (18_193, 27_565, 66.0, (65.4, 66.6))


def test_qingshui_ten_rows_of_safe_units_from_a_database_with_its_corrections(tmp_path: Path) -> None:
    numbers = (231, 17, 285, 159, 2, 3, 2, 40, 150, 32)
    ids = [f"QS14.{n}" for n in range(1, 11)]
    write_grids(tmp_path)
    office = sqlite3.connect(tmp_path / "office.db")
    office.execute("CREATE TABLE figures (what, grid, since, until, n, whole, changed)")
    rows = [
        (id_, "6205", "2026-01-01", "2027-01-01", n, None, k + 1)
        for k, (id_, n) in enumerate(zip(ids, numbers, strict=True))
    ]
    office.executemany("INSERT INTO figures VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    office.commit()
    with county(tmp_path, TABLE + counts(*ids)) as (settings, ledger):
        read(settings, ledger)
        assert [says(settings, ledger, id_)[2] for id_ in ids] == list(numbers)
        office.execute("UPDATE figures SET n = 232, changed = 99 WHERE what = 'QS14.1'")
        office.commit()
        report = read(settings, ledger)
        assert next(one for one in report.sources if one.name == "table").read == 1
        assert says(settings, ledger, "QS14.1")[2] == 232
        with ledger.read(Scope.everything()) as snapshot:
            reading = Reading(snapshot, "000", snapshot.today, snapshot.today)
            figure = reading.fact("QS14.1", "latest")
            assert figure is not None
            assert words(figure, snapshot.zone) == "2026 的报数，已修订"
    office.close()


def test_a_score_is_what_one_reckons_by_hand_and_shows_its_parts(tmp_path: Path) -> None:
    write_grids(tmp_path, "T1", "T2", "T3")
    told = {
        "T1": (("A", 900, 1000), ("B", 800, 1000), ("C", 700, 1000), ("D", 12, "")),
        "T2": (("A", 1, 2), ("B", 1, 3), ("C", 5, 5)),
        "T3": (("A", 1, 2), ("B", 1, 3)),
    }
    rows = [(id_, town, "2026-10", n, whole, "") for town, parts in told.items() for id_, n, whole in parts]
    write_sheet(tmp_path, rows)
    with county(tmp_path, SHEET + SCORE) as (settings, ledger):
        read(settings, ledger)
        # 45 + 24 + 14, and ten of the twelve points on top.
        assert says(settings, ledger, "K83", grid="T1") == (93, 100, 93.0, None)
        # 25 + 10 + 20
        assert says(settings, ledger, "K83", grid="T2") == (55, 100, 55.0, None)
        # One part is missing: no score, not a low one.
        assert says(settings, ledger, "K83", grid="T3") == (None, None, None, None)
        by_hand = Fraction(902, 1004) * 50 + Fraction(802, 1006) * 30 + Fraction(705, 1005) * 20 + 10
        n, whole, value, _ = says(settings, ledger, "K83")
        assert (Fraction(n, whole), value) == (by_hand / 100, 92.9)
        with ledger.read(Scope.everything()) as snapshot:
            path = snapshot.grid("T1")
            assert path is not None
            reading = Reading(snapshot, path.path, snapshot.today, snapshot.today)
            parts = explain(Catalogue.of(settings).by_id["K83"], reading)["parts"]
        assert [(part["label"], part["weight"], part["points"], part["period"]) for part in parts] == [
            ("运作成效", 50, 45.0, "2026-10"),
            ("履职", 30, 24.0, "2026-10"),
            ("网格员", 20, 14.0, "2026-10"),
            ("加分", 10, 10.0, "2026-10"),
        ]


def test_a_figure_per_inhabitants_and_one_that_nobody_reported(tmp_path: Path) -> None:
    write_grids(tmp_path)
    write_sheet(tmp_path, [("K81", "6205", "2025-12", 1_986, "", "2026-01-08")])
    per = '[[indicators]]\nid = "K81"\nlabel = "万人成讼率"\nunit = "件/万人"\n'
    per += 'formula = "收案 ÷ 常住人口"\nfact = "K81"\n'
    per += 'denominator = "population"\nof = ["收案", "常住人口"]\nper = 10000\n'
    with county(tmp_path, SHEET + per + shares("NONE")) as (settings, ledger):
        read(settings, ledger)
        assert says(settings, ledger, "K81") == (1_986, 332_000, 59.8, None)
        known = Catalogue.of(settings)
        assert known.by_id["K81"].kinds == ("indicator", "grid")
        assert says(settings, ledger, "NONE") == (None, None, None, None)
        assert known.by_id["NONE"].note(None, None) == "没有报数"


def test_months_compare_with_months_and_never_with_themselves(tmp_path: Path) -> None:
    write_grids(tmp_path)
    months = [("2025-10", 200), ("2026-09", 220), ("2026-10", 240)]
    write_sheet(tmp_path, [("K32", "6205", month, n, "", "") for month, n in months])
    with county(tmp_path, SHEET + counts("K32", rule="sum")) as (settings, ledger):
        read(settings, ledger)
        indicator = Catalogue.of(settings).by_id["K32"]
        with ledger.read(Scope.everything()) as snapshot:

            def told(first: date, last: date) -> dict[str, tuple[str, str]]:
                reading = Reading(snapshot, "000", day_number(first), day_number(last))
                found = explain(indicator, reading)["comparisons"]
                return {one["name"]: (one["text"], one["then"]["text"]) for one in found}

            assert told(date(2026, 10, 1), date(2026, 10, 31)) == {
                "环比": ("+9.1%", "2026-09"),
                "同比": ("+20.0%", "2025-10"),
            }
            november = told(date(2026, 11, 1), date(2026, 11, 2))
        assert november["环比"][0] in {"—（同一期报数）", "—（没有报数）"}


def test_a_reported_figure_as_a_tile_says_of_which_period_it_is(tmp_path: Path) -> None:
    write_grids(tmp_path)
    write_sheet(tmp_path, [("SD6", "6205", "2026-10", 116, 117, "2026-11-05")])
    with county(tmp_path, SHEET + shares("SD6") + '[wall]\ntiles = ["SD6"]\n') as (settings, ledger):
        read(settings, ledger)
        with ledger.read(Scope.everything()) as snapshot:
            tile = figures(snapshot, "000", Catalogue.of(settings).tiles)["tile.SD6"]
    assert (tile["text"], tile["numerator"], tile["denominator"], tile["period"]) == (
        "99.1",
        116,
        117,
        "2026-10",
    )
    assert (tile["note"], tile["sources"]) == ("2026-10 的报数，截至 2026-11-05", ["sheet"])


def test_check_tells_what_sync_would_refuse(tmp_path: Path) -> None:
    write_grids(tmp_path, "620501")
    write_sheet(
        tmp_path, [("SD6", "62O501", "2026-11", 1, 1, ""), ("SD6", "620501", "2026-11", "95.2%", 1, "")]
    )
    with county(tmp_path, SHEET + shares("SD6")) as (settings, ledger):
        told = [
            next(s for s in report.sources if s.name == "sheet")
            for report in (check(settings), sync(settings, ledger))
        ]
        for one in told:
            assert (one.read, one.accepted, one.refused) == (2, 0, 2)
        with ledger.read(Scope.everything()) as snapshot:
            log = snapshot.source_log()
            assert log is not None
            reasons = {refusal.code: refusal.examples[0][1] for refusal in log.refusals("sheet", 1)}
    assert reasons["unknown_grid"] == "网格编码 62O501 不存在，最接近的是 620501"
    assert reasons["not_a_number"] == "95.2% 不是数字"


def test_a_span_is_written_as_one_would_say_it(tmp_path: Path) -> None:
    class Of:
        def __init__(self, first: date, end: date) -> None:
            self.first, self.end = first, end

    spoken = [
        ((date(2026, 1, 1), date(2027, 1, 1)), "2026"),
        ((date(2026, 2, 1), date(2026, 3, 1)), "2026-02"),
        ((date(2026, 2, 5), date(2026, 2, 6)), "2026-02-05"),
        ((date(2026, 7, 1), date(2026, 10, 1)), "2026-07-01 至 2026-09-30"),
        ((date(2026, 2, 1), date(2026, 2, 28)), "2026-02-01 至 2026-02-27"),
    ]
    assert [span(Of(*period)) for period, _ in spoken] == [text for _, text in spoken]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SCORE.replace("weight = 50", "weight = 40"), "score 各项 weight 之和应为 100，现为 90"),
        (SCORE.replace('unit = "分"\n', ""), "score 不写 denominator、of、per，unit 应为"),
        (shares("A").replace('fact = "A"', 'fact = "A"\nnumerator = "open"'), "三者之一"),
        (shares("A", more='period = "avg"'), "indicators[1].period：（A）应为 'latest' or 'sum' 之一"),
        (
            shares("A").replace('fact = "A"\n', ""),
            "应有 numerator（计数的和差）、fact（报数的编号）、score（各项计分）三者之一",
        ),
        (shares("A").replace('of = ["已建", "应建"]\n', ""), "缺少 of"),
        (counts("A").replace('unit = "个"\n', ""), "unit 应为"),
        (shares("A", more="bonus = { fact = 'D', label = '加分', at_most = 10 }"), "bonus 只用于 score"),
    ],
)
def test_what_is_wrong_in_the_configuration_is_told_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Catalogue.of(load(write_settings(tmp_path, HEAD + text)))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
