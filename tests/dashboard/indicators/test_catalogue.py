"""Every indicator of the domain dictionary, sections 3.2 and 3.3, is there, and says all that must be said of one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard.indicators.catalogue import BY_ID, CATALOGUE, Catalogue
from dashboard.indicators.indicator import Indicator, terms
from dashboard.indicators.reading import _OWN
from data_adapters.demo.settings_file import settings_text
from data_adapters.ledger.contributions import RARE, TRANSFER
from data_adapters.ledger.declared import NAMES
from data_adapters.settings import load

#: Dictionary -> ours. What is counted here is built in; what only offices know is reported and configured.
BUILT_IN = {
    "K01": "K01", "K02": "K02", "K03": "K03", "K04": "K04", "K05": "K05", "K06": "K06",
    "K07": "K07 K07.GREEN K07.YELLOW K07.RED K07.GREY", "K08": "K08", "K09a": "K09a", "K09b": "K09b", "K09c": "K09c",
    "K10": "K10", "K11": "K11", "K12": "K12.p50 K12.p90", "K13a": "K13a", "K13b": "K13b", "K13c": "K13c",
    "K14": "K14.village K14.township K14.county K14.above", "K15": "K15", "K15b": "K15b", "K16": "K16",
    "K17": "K17 K17.LAWSUIT K17.ARBITRATION K17.RECONSIDERATION K17.OTHER_COUNTY K17.OTHER",
    "K18": "K18a K18b", "K20": "K20 K20a K20b", "K21": "K21a K21b",
    "K19": "K19 K19.UP K19.UP.village K19.UP.township K19.UP.county K19.UP.above "
    "K19.DOWN K19.DOWN.grid K19.DOWN.village K19.DOWN.township K19.DOWN.county K19.FEEDBACK",
    "K22": "K22", "K40": "K40", "K41": "K41", "K42": "K42", "K43": "K43", "K50": "K50", "K51": "K51",
    "K52": "K52.p50 K52.p90 K52a K52b", "K60": "K60", "K61": "K61", "K62": "K62", "K63a": "K63a K63a.all",
    "K63b": "K63b", "K64": "K64", "K65": "K65", "K66": "K66", "K67": "K67", "K70": "K70 K70b", "K71": "K71 K71b",
    "K80": "K80", "K91": "K91a K91b K91c",
}  # fmt: skip
#: Petitions are aggregates of their office; patrols, lawsuits, safe units, scores and attendance are kept elsewhere.
REPORTED = {
    "K30": "K30a K30b K30c K30d K30e", "K31": "K31", "K32": "K32", "K44": "K44", "K81": "K81", "K82": "K82",
    "K83": "K83", "K90": "K90 K90a K90b K90c",
}  # fmt: skip
#: Neither more nor less of these is better: what they count is neither, or both extremes are bad.
NEUTRAL = set(
    "K01 K02 K04 K07 K07.GREEN K07.YELLOW K07.RED K07.GREY K08 K09c K14.village K14.township K14.county K14.above K15 "
    "K15b K17 K17.LAWSUIT K17.ARBITRATION K17.RECONSIDERATION K17.OTHER_COUNTY K17.OTHER K18a K40 K42 K50 K60 "
    "K80".split()
)


def ids(table: dict[str, str]) -> list[str]:
    return [id_ for text in table.values() for id_ in text.split()]


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The catalogue of the demo county."""
    path = tmp_path_factory.mktemp("county") / "yiping.toml"
    Path(path).write_text(settings_text(), "utf-8")
    return Catalogue.of(load(path))


def test_the_catalogue_is_the_dictionary_and_nothing_besides() -> None:
    assert sorted(ids(BUILT_IN)) == sorted(one.id for one in CATALOGUE)


def test_what_only_offices_know_is_configured_in_the_demo_county(county: Catalogue) -> None:
    for id_ in ids(REPORTED):
        assert county.by_id[id_].kinds[0] == "indicator", id_


def test_every_indicator_says_what_it_is_in_two_languages(county: Catalogue) -> None:
    for one in county:
        assert one.label, one.id
        assert one.formula, one.id
        assert one.unit, one.id
        assert one.period, one.id
        assert one.kinds, one.id
        assert re.search("[A-Za-z]", one.label_en), one.id
        assert not re.search("[\u3400-\u9fff]", one.label_en), one.id
        assert bool(one.numerator) == bool(one.denominator), one.id


def test_every_indicator_has_a_direction_or_is_known_to_have_none() -> None:
    assert {one.id for one in CATALOGUE if not one.better} == NEUTRAL


def test_every_count_that_an_indicator_names_is_kept() -> None:
    kept = NAMES | set(RARE) | set(_OWN) | {"agreed.1", "fresh"}
    kept |= {f"transferred_to.{bucket}" for bucket in TRANSFER.values()}
    for one in CATALOGUE:
        for text in (*one.counts, *(which for _, which in one.left_out if isinstance(which, str))):
            assert {name for _, name in terms(text)} <= kept, one.id


def test_rows_stand_behind_every_indicator_but_those_of_seconds() -> None:
    listed = {one.id for one in CATALOGUE if one.kind_of_rows("numerator") or one.kind_of_rows("denominator")}
    assert {one.id for one in CATALOGUE} - listed == {"K63b", "K67"}


def test_a_county_may_take_fairly_satisfied_for_satisfied_and_says_so(tmp_path: Path) -> None:
    def k20(more: str) -> Indicator:
        text = settings_text().replace("demo = true", f"demo = true\n{more}", 1)
        (tmp_path / "yiping.toml").write_text(text, "utf-8")
        return Catalogue.of(load(tmp_path / "yiping.toml")).by_id["K20"]

    assert k20("") is BY_ID["K20"]
    assert "基本满意不计" in k20("").formula
    other = k20("basic_is_satisfied = true")
    assert other.counts == ("satisfied + satisfied_basic", "answered")
    assert "本县把基本满意计作满意" in other.formula
