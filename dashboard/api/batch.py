"""What other systems push: one object or a list, each answered for itself, only after the store has committed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from flask import Response

from dashboard.api.body import raw_body, read_json
from dashboard.api.guard import must_write
from dashboard.api.problem import Problem, reply
from dashboard.services import Services, offload
from data_adapters.ledger import Outcome
from data_adapters.records.field import Context, FieldError, text
from data_adapters.records.record import Fault

MAX_BATCH = 1_000
#: A body of more bytes is read on a native thread, so that the loop goes on serving the walls meanwhile.
_LONG_B = 8_192
_source_name = text(64)


class Sent(Protocol):
    """A record that says which source sent it."""

    @property
    def source(self) -> str:
        """The name of the source."""


_T = TypeVar("_T", bound=Sent)
Parse = Callable[[Any, Context], _T | list[Fault]]


def take_in(
    services: Services, kind: str, noun: str, parse: Parse[_T], write: Callable[[Sequence[_T]], list[Outcome]]
) -> Response:
    """Parse the body of the current request, `write` what is good of it, and answer for every item in order."""
    must_write(services)
    raw = raw_body()
    context = Context(services.ledger.zone, services.now())
    read: Callable[[], list[_T | list[Fault]]] = partial(_parse, raw, noun, parse, context)
    parsed = offload(read) if len(raw) > _LONG_B else read()
    good = [record for record in parsed if not isinstance(record, list)]
    written = write(good) if good else []
    outcomes = iter(written)
    results = [
        result(
            index,
            Outcome("rejected", faults=tuple(record)) if isinstance(record, list) else next(outcomes),
        )
        for index, record in enumerate(parsed)
    ]
    services.heard_from(kind, {record.source for record in good})
    epoch = written[0].epoch if written else services.read(services.ledger.position)[0]
    return reply({"epoch": epoch, "results": results})


def _parse(raw: bytes, noun: str, parse: Parse[_T], context: Context) -> list[_T | list[Fault]]:
    return [parse(item, context) for item in _as_list(read_json(raw), noun)]


def _as_list(body: Any, noun: str) -> list[Any]:
    """One object or a list of at most `MAX_BATCH`."""
    if isinstance(body, dict):
        return [body]
    if not isinstance(body, list):
        raise Problem(400, f"应为一个{noun}对象或一个列表，收到 {type(body).__name__}")
    if not body:
        raise Problem(400, f"列表为空，应有 1 到 {MAX_BATCH} 个{noun}")
    if len(body) > MAX_BATCH:
        raise Problem(413, f"一次最多 {MAX_BATCH} 个{noun}，收到 {len(body)} 个")
    return body


def source_of(item: dict[str, Any], context: Context) -> str | Fault:
    """The name of the sending source, which is half of the identity."""
    given = item.get("source")
    if given is None or given == "":
        return Fault("source", "missing", "必填字段缺失")
    try:
        return str(_source_name(given, context))
    except FieldError as error:
        return Fault("source", error.code, str(error))


def result(index: int, outcome: Outcome) -> dict[str, Any]:
    """One line of the answer."""
    errors = [{"field": fault.field, "code": fault.code, "reason": fault.reason} for fault in outcome.faults]
    return {
        "index": index,
        "status": outcome.status,
        "seq": outcome.seq,
        "case_no": outcome.case_no,
        "errors": errors,
    }
