"""The figures that the demo county reports: the published ones to the digit, through the project's own reader."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import cast

from dashboard.indicators.catalogue import Catalogue
from data_adapters.demo.reported import ENTRIES
from data_adapters.records.indicator import IndicatorFact
from data_adapters.settings import load
from tests.data_adapters.demo.conftest import Records

PUBLISHED = {
    "QS9a": (18, 18),
    "QS9b": (264, 264),
    "QS12a": (361, 0),
    "QS12b": (1021, 0),
    "QS12c": (1335, 0),
    "QS12d": (1012, 1063),
    "QS12e": (1556, 0),
    "QS13a": (18, 18),
    "QS13b": (169, 264),
    "QS13c": (120, 0),
    "QS11e": (60, 0),
    "QS15b": (10, 0),
    "QS17a": (70, 0),
    "SD6": (117, 117),
}
SAFE = (231, 17, 285, 159, 2, 3, 2, 40, 150, 32)


def test_the_published_figures_add_up(records: Records) -> None:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for fact in cast(list[IndicatorFact], records("indicator")):
        sums[fact.id][0] += fact.numerator
        sums[fact.id][1] += fact.denominator or 0
    assert {id_: tuple(sums[id_]) for id_ in PUBLISHED} == PUBLISHED
    assert tuple(sums[f"QS14.{n}"][0] for n in range(1, 11)) == SAFE
    assert sums["K82"][0] == sum(SAFE)


def test_no_figure_is_more_than_the_whole(records: Records) -> None:
    for fact in cast(list[IndicatorFact], records("indicator")):
        if fact.denominator is not None:
            assert fact.numerator <= fact.denominator, fact


def test_every_figure_has_its_indicator_and_every_indicator_its_figures(
    folder: Path, records: Records
) -> None:
    settings = load(folder / "yiping.toml")
    named = {fact for entry in settings.indicators for fact in entry.facts}
    assert {fact.id for fact in cast(list[IndicatorFact], records("indicator"))} == named
    assert len(settings.indicators) == len(ENTRIES) + 2
    assert {entry.id for entry in settings.indicators} <= Catalogue.of(settings).by_id.keys()
