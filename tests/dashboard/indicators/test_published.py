"""Published figures (domain dictionary, section 3.5) come out of real rows, read from files by the adapters."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from dashboard.indicators.catalogue import BY_ID
from dashboard.indicators.explanation import explain
from dashboard.indicators.reading import Reading, day_number
from dashboard.indicators.share import percent
from data_adapters.ledger import Ledger, Scope
from data_adapters.settings import load
from data_adapters.sync import sync

SETTINGS = """[centre]
name = "示范县综治中心"
root = "6205"
[store]
url = "sqlite:///store.db"
[[levels]]
level = 0
name = "县"
[[levels]]
level = 1
name = "网格"
[[sources]]
name = "grids"
kind = "grid"
path = "grids.csv"
[sources.fields]
code = "编码"
name = "名称"
level = "层级"
parent = "上级"
staff_count = "网格员"
population = "人口"
"""
CASES = """[[sources]]
name = "cases"
kind = "case"
path = "cases.csv"
[sources.fields]
source_id = "编号"
category = "类别"
reported_at = "登记时间"
accepted_at = "受理时间"
resolved_at = "化解时间"
closed_at = "结案时间"
state = "状态"
outcome = "结果"
grid_code = "网格"
[sources.values.state]
"办理中" = "IN_PROGRESS"
"已结案" = "CLOSED"
[sources.values.outcome]
"成功" = "SUCCESS"
"不成" = "FAIL"
"""
CAMERAS = """[[sources]]
name = "cameras"
kind = "video_point"
path = "cameras.csv"
[sources.fields]
point_id = "国标编码"
integrated = "已整合"
"""
#: 黄石, August 2016 (list A).
SHARES = {
    "婚姻家庭": (160, 18.4),
    "邻里": (278, 32.0),
    "房屋宅基地": (67, 7.7),
    "合同": (44, 5.1),
    "生产经营": (31, 3.6),
    "损害赔偿": (76, 8.7),
    "山林土地": (18, 2.1),
    "征地拆迁": (28, 3.2),
    "环境污染": (4, 0.5),
    "劳动争议": (13, 1.5),
    "消费": (7, 0.8),
    "医疗": (55, 6.3),
    "道路交通事故": (33, 3.8),
    "物业": (1, 0.1),
    "其它": (54, 6.2),
}
DONE, FAILED, OPEN = ("已结案", "成功"), ("已结案", "不成"), ("办理中", "")
YEAR = date(2019, 1, 1), date(2019, 12, 31)
Row = tuple[str, date, tuple[str, str]]


def write(path: Path, head: str, rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head.split())
        writer.writerows(rows)


def write_grids(folder: Path, staffed: int = 1, vacant: int = 0, population: object = "") -> None:
    grids = [("6205", "示范县", 0, "", "", population)]
    grids += [(f"6205{n:04}", f"{n}网格", 1, "6205", int(n < staffed), "") for n in range(staffed + vacant)]
    write(folder / "grids.csv", "编码 名称 层级 上级 网格员 人口", grids)


def write_cases(folder: Path, rows: Sequence[Row]) -> None:
    """Rows of category, day and (state, outcome); whatever is closed was resolved and closed two days later."""
    written = []
    for n, (category, day, (state, outcome)) in enumerate(rows):
        told = f"{day} 09:30:00"
        done = f"{day + timedelta(days=2)} 10:00:00" if state == "已结案" else ""
        written.append((f"A{n}", category, told, told, done, done, state, outcome, "62050000"))
    head = "编号 类别 登记时间 受理时间 化解时间 结案时间 状态 结果 网格"
    write(folder / "cases.csv", head, written)


def spread(first: date, last: date, *outcomes: tuple[int, tuple[str, str]]) -> list[Row]:
    """`n` cases of each outcome, spread over the days so that the last is closed within them."""
    kinds = [outcome for n, outcome in outcomes for _ in range(n)]
    days = (last - first).days - 2
    return [("邻里", first + timedelta(days=n * days // len(kinds)), kind) for n, kind in enumerate(kinds)]


@contextmanager
def reading(folder: Path, source: str, first: date, last: date) -> Iterator[Reading]:
    """What the county says after the files of `folder` were read: the whole county, over these days."""
    (folder / "yiping.toml").write_text(SETTINGS + source, encoding="utf-8")
    settings = load(folder / "yiping.toml")
    ledger = Ledger.open(settings.store.url, root="6205")
    report = sync(settings, ledger)
    assert [(told.refused, told.error) for told in report.sources] == [(0, None)] * len(report.sources)
    with ledger.read(Scope.everything()) as snapshot:
        yield Reading(snapshot, "000", day_number(first), day_number(last))
    ledger.close()


def says(reading: Reading, id_: str) -> tuple[int, int | None, float | None, tuple[float, float] | None]:
    """(n, N, value, Wilson interval)."""
    n, whole = BY_ID[id_].measure(reading)
    return n, whole, BY_ID[id_].value(reading, n, whole), BY_ID[id_].bounds(n, whole)


def test_shandan_resolved_on_the_spot_of_those_accepted(tmp_path: Path) -> None:
    write_grids(tmp_path)
    write_cases(tmp_path, spread(*YEAR, (695, DONE), (400, FAILED), (112, OPEN)))
    with reading(tmp_path, CASES, *YEAR) as year:
        assert says(year, "K13b") == (695, 1207, 57.6, (54.8, 60.3))


def test_qingshui_resolved_of_those_found_and_per_ten_thousand_inhabitants(tmp_path: Path) -> None:
    three_years = date(2019, 1, 1), date(2021, 12, 30)
    write_grids(tmp_path, population=332_000)
    write_cases(tmp_path, spread(*three_years, (12_360, DONE), (72, OPEN)))
    with reading(tmp_path, CASES, *three_years) as years:
        assert says(years, "K13c") == (12_360, 12_432, 99.4, (99.3, 99.5))
        assert says(years, "K80") == (12_432, 332_000, 124.8, None)
        assert years.days == 3 * 365


def test_huangshi_shares_success_and_changes(tmp_path: Path) -> None:
    august = date(2016, 8, 1), date(2016, 8, 31)
    write_grids(tmp_path)
    categories = [name for name, (n, _) in SHARES.items() for _ in range(n)]
    now: list[Row] = [(name, date(2016, 8, 1 + n % 29), OPEN) for n, name in enumerate(categories)]
    before = spread(date(2016, 7, 1), date(2016, 7, 31), (840, DONE))
    before += spread(date(2015, 8, 1), date(2015, 8, 31), (1028, DONE))
    write_cases(tmp_path, now + before)
    with reading(tmp_path, CASES, *august) as month:
        open_now = {name: month.gauges[f"open.category.{name}"] for name in SHARES}
        assert {name: (n, percent(n, month.gauges["open"])) for name, n in open_now.items()} == SHARES
        told = {one["name"]: one for one in explain(BY_ID["K01"], month)["comparisons"]}
        assert (told["同比"]["delta"], told["同比"]["text"]) == (-15.5, "−15.5%")
        assert (told["环比"]["delta"], told["环比"]["text"]) == (3.5, "+3.5%")
        assert [told[name]["then"]["numerator"] for name in ("同比", "环比")] == [1028, 840]
    # The same cases, told again as they ended: 842 resolved, 27 not.
    ended: list[Row] = [(name, day, DONE if n < 842 else FAILED) for n, (name, day, _) in enumerate(now)]
    write_cases(tmp_path, ended + before)
    with reading(tmp_path, CASES, *august) as month:
        assert says(month, "K01")[0] == 869
        assert says(month, "K13b") == (842, 869, 96.9, (95.5, 97.9))


def test_lishui_over_those_mediated_and_never_over_those_found(tmp_path: Path) -> None:
    write_grids(tmp_path)
    write_cases(tmp_path, spread(*YEAR, (7_913, DONE), (525, FAILED), (13, OPEN)))
    with reading(tmp_path, CASES, *YEAR) as year:
        assert says(year, "K13a") == (7_913, 8_438, 93.8, (93.2, 94.3))
        assert says(year, "K13c")[:3] == (7_913, 8_451, 93.6)


def test_dongzhi_closed_of_those_registered(tmp_path: Path) -> None:
    write_grids(tmp_path)
    write_cases(tmp_path, spread(*YEAR, (1_627, DONE), (51, OPEN)))
    with reading(tmp_path, CASES, *YEAR) as year:
        assert says(year, "K09b") == (1_627, 1_678, 97.0, (96.0, 97.7))


def test_qingshui_video_points_integrated(tmp_path: Path) -> None:
    write_grids(tmp_path)
    points = [(f"62052100001320{n + 1:06}", "是" if n < 3_300 else "否") for n in range(4_445)]
    write(tmp_path / "cameras.csv", "国标编码 已整合", [p for p in points if not p[0].endswith("00000")])
    with reading(tmp_path, CAMERAS, *YEAR) as year:
        # 72.9346 … 75.5050; a table in print has 73.0, which is the bound of the plain normal interval.
        assert says(year, "K65") == (3_300, 4_445, 74.2, (72.9, 75.5))
        assert BY_ID["K65"].label == "整合率"


def test_qingshui_grids_with_staff(tmp_path: Path) -> None:
    write_grids(tmp_path, staffed=1_012, vacant=51)
    with reading(tmp_path, "", *YEAR) as year:
        # 93.7468 … 96.3322; a table in print has 93.8.
        assert says(year, "K43") == (1_012, 1_063, 95.2, (93.7, 96.3))
        assert explain(BY_ID["K43"], year)["left_out"] == [{"reason": "未填报网格员的网格", "n": 1}]


@pytest.mark.parametrize("id_", [id_ for id_, known in BY_ID.items() if known.denominator])
def test_where_nothing_happened_a_rate_has_no_value(tmp_path: Path, id_: str) -> None:
    (tmp_path / "grids.csv").write_text(
        "编码,名称,层级,上级,网格员,人口\n6205,示范县,0,,,\n", encoding="utf-8"
    )
    with reading(tmp_path, "", *YEAR) as year:
        n, whole, value, interval = says(year, id_)
        if id_ == "K40":  # one grid, and it reported nothing: that is a share, if a small one
            assert (n, whole, value, BY_ID[id_].note(n, whole)) == (0, 1, 0.0, "样本不足")
        else:
            assert (n, whole or 0, value, interval, BY_ID[id_].note(n, whole)) == (
                0,
                0,
                None,
                None,
                "分母为 0",
            )
