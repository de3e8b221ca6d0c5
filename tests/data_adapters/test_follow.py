"""Streams from real brokers into the ledger: each message once, whatever it holds, whoever is away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from data_adapters.ledger import Ledger
from data_adapters.ledger.tables import case_event, cases, grid, quarantine, video_point
from data_adapters.records.case import Case
from data_adapters.report import SourceReport
from data_adapters.settings import Settings
from data_adapters.sync import sync
from tests.fixtures.broker import Broker
from tests.fixtures.county_files import settings
from tests.fixtures.town import case, grids

T = "2026-11-02 14:20:00"


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Ledger]:
    """A ledger with the grids of the small county."""
    opened = Ledger.open(sqlite_url, root="6205")
    opened.write_grids(grids())
    yield opened
    opened.close()


def body(number: int, state: str = "REPORTED", **more: Any) -> dict[str, Any]:
    return {"id": str(number), "at": T, "state": state, "x": 106.2, "y": 34.5} | more


def run(known: Settings, ledger: Ledger, name: str = "stream") -> SourceReport:
    (told,) = sync(known, ledger, name).sources
    return told


def stored(ledger: Ledger, table: sa.Table) -> list[sa.Row[tuple[object, ...]]]:
    with ledger._reading.connect() as connection:
        return list(connection.execute(sa.select(table)))


def followed(broker: Broker, folder: Path, ledger: Ledger, **told: Any) -> Settings:
    """The settings of a source that has been there once, so that the broker keeps what comes."""
    known = settings(folder, broker.source(**told))
    assert run(known, ledger).error is None
    return known


def test_what_waits_is_stored_once_and_never_comes_again(
    broker: Broker, tmp_path: Path, ledger: Ledger
) -> None:
    known = followed(broker, tmp_path, ledger)
    broker.send(*(body(number) for number in range(1_700)))
    told = run(known, ledger)
    assert (told.error, told.read, told.new, told.refused) == (None, 1_700, 1_700, 0)
    assert all(row.placed for row in stored(ledger, cases))
    broker.send(body(3, "CLOSED"), body(1_700))
    told = run(known, ledger)
    assert (told.read, told.new, told.updated, told.duplicate) == (2, 1, 1, 0)
    assert run(known, ledger).read == 0
    state = ledger.source_state("stream")
    assert state is not None
    assert (state.read, state.accepted, state.refused, state.error) == (1_702, 1_702, 0, None)
    assert state.last_message_at is not None
    assert state.lag in {0, None}
    assert broker.waiting() in {0, None}


POISON: dict[str, tuple[Any, str]] = {
    "no json": (b"{", "not_json"),
    "nothing": (b"", "not_json"),
    "not a number": (b'{"id": NaN}', "not_json"),
    "bytes": (b"\xff\xfe\x00", "encoding"),
    "deep": (b"[" * 5_000, "too_deep"),
    "a word": (b'"case"', "type"),
    "twice": (b'{"id": "1", "id": "2"}', "repeated_key"),
    "too many": (json.dumps([1] * 1_001).encode(), "too_many"),
    "too large": (b'"' + b"x" * (8 << 20) + b'"', "too_large"),
    "no id": ({"at": T}, "missing"),
    "a state nobody knows": (body(9, "?"), "unknown_value"),
    "NUL": (body(9, id="a\0b"), "control_character"),
}


@pytest.mark.parametrize("what", POISON)
def test_a_poison_message_is_kept_aside_with_its_reason_and_stops_nothing(
    broker: Broker, tmp_path: Path, ledger: Ledger, what: str
) -> None:
    poison, code = POISON[what]
    known = followed(broker, tmp_path, ledger)
    broker.send(body(1), poison, body(2))
    told = run(known, ledger)
    assert told.error is None
    assert {row.source_id for row in stored(ledger, cases)} == {"1", "2"}
    assert code in {row.code for row in stored(ledger, quarantine)}
    assert run(known, ledger).read == 0


def test_a_thousand_with_one_poison_each_hundred_and_a_stream_of_nothing_else(
    broker: Broker, tmp_path: Path, ledger: Ledger
) -> None:
    known = followed(broker, tmp_path, ledger)
    broker.send(*(b"?" if n % 100 == 99 else body(n) for n in range(1_000)))
    told = run(known, ledger)
    assert (told.accepted, told.refused) == (990, 10)
    broker.send(*(b"?" for _ in range(200)))
    told = run(known, ledger)
    assert (told.accepted, told.refused, told.error) == (0, 200, None)
    broker.send(body(5_000))
    assert run(known, ledger).new == 1


def test_a_refused_message_leaves_the_quarantine_when_its_record_comes_right(
    broker: Broker, tmp_path: Path, ledger: Ledger
) -> None:
    known = followed(broker, tmp_path, ledger)
    broker.send(body(7, "?"))
    run(known, ledger)
    assert [row.row for row in stored(ledger, quarantine)] == ["7"]
    broker.send(body(7))
    assert run(known, ledger).new == 1
    assert stored(ledger, quarantine) == []


def test_one_message_may_hold_a_list_and_a_place_inside_it(
    broker: Broker, tmp_path: Path, ledger: Ledger
) -> None:
    fields = (
        '[sources.fields]\nsource_id = "id"\noccurred_at = "at"\nlon = "location.lon"\nlat = "location.lat"\n'
    )
    known = settings(
        tmp_path,
        broker.source(fields=fields).replace("[sources.stream]", 'records = "data.rows"\n[sources.stream]'),
    )
    run(known, ledger)
    here = {"lon": 106.2, "lat": 34.5}
    rows = [{"id": str(n), "at": T, "location": here} for n in range(3)] + [7]
    broker.send({"data": {"rows": rows}}, {"data": {}})
    told = run(known, ledger)
    assert (told.read, told.new, told.refused) == (5, 3, 2)
    assert all(row.placed for row in stored(ledger, cases))


KINDS = {
    "grid": (
        'code = "c"\nname = "n"\nlevel = "l"\nparent = "p"\n',
        [
            {"c": "62059", "n": "丁镇", "l": 1, "p": "6205"},
            {"c": "620591", "n": "1村", "l": 2, "p": "62059"},
            {"c": "x", "n": "y", "l": 2, "p": "z"},
        ],
        grid,
    ),
    "video_point": (
        'point_id = "c"\nstatus = "s"\n',
        [{"c": "a", "s": "ON"}, {"c": "b"}, {"s": "ON"}],
        video_point,
    ),
    "case_event": (
        'case_source_id = "c"\ncase_source = { const = "other" }\ntype = "t"\nat = "at"\nsource_id = "i"\n',
        [
            {"c": "1", "t": "ACCEPT", "at": T, "i": "e1"},
            {"c": "1", "t": "ASSIGN", "at": T, "i": "e2"},
            {"c": "9", "t": "ACCEPT", "at": T, "i": "e3"},
        ],
        case_event,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_record_may_come_as_a_stream(
    broker: Broker, tmp_path: Path, ledger: Ledger, kind: str
) -> None:
    fields, bodies, table = KINDS[kind]
    ledger.write_cases([_other_case()])
    known = followed(broker, tmp_path, ledger, kind=kind, fields=f"[sources.fields]\n{fields}")
    before = len(stored(ledger, table))
    broker.send(*bodies)
    told = run(known, ledger)
    assert (told.error, told.read, told.accepted, told.refused) == (None, 3, 2, 1), told.reasons
    assert len(stored(ledger, table)) == before + 2


def _other_case() -> Case:

    return case(1, source="other", source_id="1")
