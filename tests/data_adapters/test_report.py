"""What the report says of six files as counties have them, in the very words, and of values that a mapping lacks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data_adapters.check import check
from data_adapters.findings import Findings
from data_adapters.ground import Ground
from data_adapters.records.case import Case
from data_adapters.report import Report
from data_adapters.settings import Settings, load
from tests.bad import archives as made
from tests.bad.files import SQUARE, polygon
from tests.fixtures.county_files import CASES, HEAD, LEVELS, all_levels, settings, write_cases, write_grids

T = "2026-11-02 14:20:00"
_MAPPED = {
    "case": 'source_id = "编号"\noccurred_at = "时间"\ncategory = "类别"\n',
    "video_point": 'point_id = "编码"\nlon = "位置/经度"\nlat = "位置/纬度"\n',
    "grid": 'code = "CODE"\nname = "NAME"\nlevel = "LEVEL"\nparent = "PARENT"\n',
}
BOW_TIE = polygon((106, 34), (106.5, 34.5), (106.5, 34), (106, 34.5), (106, 34))


def county(folder: Path, sources: Iterable[tuple[str, str, str]]) -> Settings:
    """The small county down to its villages, and sources of (name, kind, file)."""
    write_grids(folder)
    texts = [
        f'[[sources]]\nname = "{name}"\nkind = "{kind}"\npath = "{file}"\n[sources.fields]\n{_MAPPED[kind]}'
        for name, kind, file in sources
    ]
    (folder / "yiping.toml").write_text(HEAD + LEVELS + "".join([*all_levels()[:3], *texts]), "utf-8")
    return load(folder / "yiping.toml")


def test_six_files_as_counties_have_them_get_one_line_each_of_what_was_found_and_done(tmp_path: Path) -> None:
    rows = f"编号,时间,类别\n1,{T},邻里\n2,昨天,邻里\n"
    (tmp_path / "gb.csv").write_bytes(rows.encode("gb18030"))
    rows = f"编号,时间,类别\n1,{T},鄰里糾紛與勞動爭議\n".replace("编号,时间,类别", "編號,時間,類別")
    (tmp_path / "big5.csv").write_bytes(rows.encode("big5"))
    made.workbook(
        ("2026年摄像头台账", None, None),
        ("编码", "位置", None),
        (None, "经度", "纬度"),
        ("62050200001310000001", 106.2, 34.5),
        merged="B2:C2",
    )(tmp_path / "merged.xlsx")
    made.archive(lambda p: {n: c for n, c in p.items() if not n.endswith(".cpg")}, "gbk")(
        tmp_path / "shape.zip"
    )
    made.archive(lambda p: p | {"a.shp": bytes(50_000_000)})(tmp_path / "bomb.zip")
    features = [
        {
            "type": "Feature",
            "geometry": shape,
            "properties": {"CODE": f"G{n}", "NAME": "组", "LEVEL": 3, "PARENT": "620512"},
        }
        for n, shape in enumerate((SQUARE, BOW_TIE))
    ]
    (tmp_path / "bows.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    found = check(
        county(
            tmp_path,
            (
                ("gb", "case", "gb.csv"),
                ("big5", "case", "big5.csv"),
                ("merged", "video_point", "merged.xlsx"),
                ("shape", "grid", "shape.zip"),
                ("bomb", "grid", "bomb.zip"),
                ("bows", "grid", "bows.geojson"),
            ),
        )
    )
    lines = found.as_text().splitlines()
    for expected in (
        "  读法：文字按 GB18030 解码（自动识别）",
        "  无法使用：big5.csv：像是 Big5 而不是 GB18030，请用 encoding 写明 big5 或 gb18030",
        "  读法：列名在第 2、3 行，合并的上下两行连成“上/下”",
        "  读法：没有 .cpg，文字按 GB18030 解码（自动识别）",
        "  无法使用：bomb.zip：'a.shp' 压缩比超过 100，像是压缩炸弹，没有解压",
        "    第 2 行：多边形无效：Self-intersection[106.25 34.25]，请在源头修正",
    ):
        assert expected in lines, found.as_text()


def test_values_that_a_mapping_lacks_are_counted_each_with_their_column_and_what_to_write(
    tmp_path: Path,
) -> None:
    write_grids(tmp_path)
    states = ["待受理"] * 3 + ["已转交"] * 2 + ["REPORTED"]
    write_cases(tmp_path, [(n, T, state, "", 106.2, 34.5) for n, state in enumerate(states)])
    words = check(settings(tmp_path, CASES, *all_levels())).as_text()
    assert "拒绝 5 行：state（列 STATE） unknown_value" in words
    assert "第 2、3、4 行：未知取值 待受理，应为 已上报、已登记" in words
    assert "第 5、6 行：未知取值 已转交，" in words
    assert "做法：在 [sources.values.state] 每种写一行" in words


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("22-11月-26", "像是 %d-%m月-%y"),
        ("22-11月-26 02.32.07.000000 下午", "像是 Oracle 的时间"),
        ("2026/1/5 8:00", "像是 %Y/%m/%d %H:%M"),
        ("2026年1月5日", "像是 %Y年%m月%d日"),
        ("13/01/2026", "像是 %d/%m/%Y"),
        ("03/04/2026", "像是 %m/%d/%Y 或 %d/%m/%Y"),
        ("1763773200000", "像是 epoch_ms"),
        ("0000-00-00 00:00:00", '像是表示没有，可在此来源的 values 里给它写 "0000-00-00 00:00:00" = ""'),
        ("\\N", '写 "\\\\N" = ""'),
    ],
)
def test_a_time_written_as_upstreams_do_comes_with_what_to_write(
    tmp_path: Path, written: str, meant: str
) -> None:
    write_grids(tmp_path)
    write_cases(tmp_path, [(1, written, "REPORTED", "", 106.2, 34.5)])
    assert meant in check(settings(tmp_path, CASES, *all_levels())).as_text()


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("22-11月-26", '{ column = "T", format = "%d-%m月-%y" }'),
        ("1763773200000", '{ column = "T", format = "epoch_ms" }'),
        ("1763773200", '{ column = "T", format = "epoch" }'),
        ("\\N", '"T"\nreported_at = { const = "2026-11-01" }\n[sources.values.occurred_at]\n"\\\\N" = ""'),
    ],
)
def test_what_the_hint_says_to_write_mends_the_row(tmp_path: Path, written: str, rule: str) -> None:
    write_grids(tmp_path)
    write_cases(tmp_path, [(1, written, "REPORTED", "", 106.2, 34.5)])
    head, _, tail = rule.partition("\n[")
    known = CASES.replace('occurred_at = "T"', f"occurred_at = {head}") + (f"[{tail}\n" if tail else "")
    (cases,) = [one for one in check(settings(tmp_path, known, *all_levels())).sources if one.kind == "case"]
    assert (cases.accepted, cases.refused) == (1, 0)


def test_the_newest_time_of_a_source_is_told_in_the_centre_s_zone(tmp_path: Path) -> None:
    write_grids(tmp_path)
    write_cases(
        tmp_path, [(1, "2026-11-02 14:20:00", "", "", "", ""), (2, "2026-11-01 08:00:00", "", "", "", "")]
    )
    found = check(settings(tmp_path, CASES, *all_levels()))
    assert newest(found) == "2026-11-02T14:20:00+08:00"
    assert "最新一条：2026-11-02 14:20，" in found.as_text()


def newest(report: Report) -> str | None:
    told: str | None = report.as_json()["sources"][-1]["newest_at"]
    return told


def test_a_repeated_identity_is_shown_with_both_rows() -> None:
    at = datetime(2026, 11, 2, tzinfo=UTC)
    one = Case(source="s", source_id="1", kind="DISPUTE", category="邻里", grade="ORDINARY", state="REPORTED",
               occurred_at=at, reported_at=at)  # fmt: skip
    findings = Findings(Ground(()))
    findings.add([("2", one), ("7", one)])
    (note,) = [known for known in findings.notes() if known.code == "repeated"]
    assert note.examples == ("第 7 行与第 2 行",)
