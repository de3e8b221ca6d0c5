"""What is pushed in batches: where it is read, and which life of the store the answer speaks of."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from flask import Flask

from dashboard.api.batch import take_in
from dashboard.services import Services
from data_adapters.ledger import Ledger
from data_adapters.records.case import Case
from data_adapters.records.field import Context
from data_adapters.records.record import Fault
from tests.fixtures.county_files import CASES, settings
from tests.fixtures.town import case, open_town
from tests.fixtures.wall import Wall, incident


def test_every_answer_names_the_epoch_whatever_became_of_the_items(wall: Wall) -> None:
    epoch = wall.get("/readyz")[1]["epoch"]
    refused = incident(2, grade="HUGE")
    for body in (incident(1), incident(1), [refused, incident(3)], refused):
        assert wall.post("/api/v1/incidents", body)[1]["epoch"] == epoch
    number = wall.post("/api/v1/incidents", incident(1))[1]["results"][0]["case_no"]
    step = {"type": "REGISTER", "at": incident(1)["reported_at"]}
    assert wall.post(f"/api/v1/cases/{number}/events", step)[1]["epoch"] == epoch


def test_an_outcome_knows_the_life_of_the_store_that_it_was_written_in(ledger_url: str) -> None:
    ledger = open_town(ledger_url)
    first = ledger.position()[0]
    assert [one.epoch for one in ledger.write_cases([case(1), case(1)])] == [first, first]
    second = ledger.renew_epoch(first)[0]
    assert [one.epoch for one in ledger.write_cases([case(1), case(2)])] == [second, second] != [first, first]
    ledger.close()


def test_a_long_body_is_read_beside_the_loop_and_a_short_one_at_once(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'yiping.db'}")
    services = Services(settings(tmp_path, CASES), ledger)
    server = Flask("test")
    threads: list[set[int]] = []

    for size in (1, 100):
        seen: set[int] = set()

        def parse(item: object, context: Context, seen: set[int] = seen) -> Case | list[Fault]:
            seen.add(threading.get_ident())
            return [Fault("", "type", "x")]

        body = json.dumps([incident(n) for n in range(size)])
        with server.test_request_context(data=body, environ_base={"REMOTE_ADDR": "127.0.0.1"}):
            answer = take_in(services, "case", "事件", parse, services.write_cases)
        assert len(json.loads(answer.data)["results"]) == size
        threads.append(seen)
    assert threads[0] == {threading.get_ident()}
    assert len(threads[1]) == 1
    assert threads[1] != threads[0]
    ledger.close()
