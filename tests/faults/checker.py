"""Do the histories agree? What was promised is in the log, once, and every wall applied exactly its part, in order.

After Jepsen's ``total-queue`` (what goes in must come out, nothing else does) and ``set-full``, with the order and
the scope of each wall on top.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from data_adapters.ledger.scope import Scope
from data_adapters.ledger.snapshot import visible_item
from tests.faults.history import Life, Log, Post, Watch

#: What the histories can be found guilty of.
KINDS = ("lost", "phantom", "doubled", "gap", "missed", "reordered", "leaked", "altered", "behind")


@dataclass(frozen=True, slots=True)
class Violation:
    """``kind`` is of `KINDS`; ``who`` a producer's post or a wall."""

    kind: str
    who: str
    what: str


def check(logs: Sequence[Log], posts: Iterable[Post], walls: Iterable[Watch]) -> list[Violation]:
    """Everything that is wrong. ``logs`` are the lives of the store, the current one last."""
    by_epoch = {log.epoch: log for log in logs}
    found = [violation for log in logs for violation in check_log(log)]
    found += check_posts(by_epoch, list(posts))
    expected: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for wall in walls:
        for life in wall.lives:
            log = by_epoch.get(life.epoch)
            if log is None:
                found.append(Violation("phantom", wall.name, f"日志没有 epoch {life.epoch} 这一生"))
                continue
            key = (life.epoch, wall.path)
            if key not in expected:
                expected[key] = _visible(log, wall.path)
            found += check_life(wall, life, log, expected[key])
        found += check_effects(wall)
        found += check_end(wall, logs[-1])
    return found


def check_log(log: Log) -> list[Violation]:
    """Numbered without holes, and no revision of a case in it twice."""
    found = [
        Violation("gap", "log", f"{before.seq} 之后是 {after.seq}")
        for before, after in zip(log.rows, log.rows[1:], strict=False)
        if after.seq != before.seq + 1
    ]
    counted = Counter(_revisions(log))
    return found + [
        Violation("doubled", "log", f"{revision} 有 {n} 条") for revision, n in counted.items() if n > 1
    ]


def check_posts(logs: dict[str, Log], posts: Sequence[Post]) -> list[Violation]:
    """What was answered with 200 is in the log of that life; what is in a log was handed in and not refused."""
    there = {epoch: set(_revisions(log)) for epoch, log in logs.items()}
    found = [
        Violation("lost", f"{post.revision}", "答了 200，日志里没有")
        for post in posts
        if post.outcome == "ok" and post.revision not in there.get(post.epoch or "", set())
    ]
    taken = {post.revision for post in posts if post.outcome != "refused"}
    strangers = set().union(*there.values()) - taken
    found += [Violation("phantom", f"{one}", "日志里有，没有人交过，或已被拒绝") for one in strangers]
    number = {post.revision: n for n, post in enumerate(posts)}
    for log in logs.values():
        last: dict[str, int] = {}
        for source_id, state in _revisions(log):
            now = number.get((source_id, state), -1)
            if now < last.get(source_id, -1):
                found.append(Violation("reordered", "log", f"{source_id} 的 {state} 来得太晚"))
            last[source_id] = now
    return found


def check_life(wall: Watch, life: Life, log: Log, visible: Sequence[dict[str, Any]]) -> list[Violation]:
    """What a wall applied in one life is the log after its start, as its scope may see it."""
    wanted = [item for item in visible if life.start < item["seq"] <= life.end]
    if life.items == wanted:
        return []
    right = {item["seq"]: item for item in wanted}
    numbers = [item["seq"] for item in life.items]
    found = [
        Violation("doubled", wall.name, f"{seq} 用了 {n} 次") for seq, n in Counter(numbers).items() if n > 1
    ]
    found += [Violation("missed", wall.name, f"没有 {seq}") for seq in sorted(right.keys() - set(numbers))]
    for item in life.items:
        seq = item["seq"]
        if seq not in right:
            kind = "leaked" if seq <= log.top and life.start < seq <= life.end else "phantom"
            found.append(Violation(kind, wall.name, f"{seq} 不归它看" if kind == "leaked" else f"没有 {seq}"))
        elif right[seq] != item:
            found.append(Violation("altered", wall.name, f"{seq} 是 {right[seq]}，收到 {item}"))
    if numbers != sorted(numbers):
        found.append(Violation("reordered", wall.name, f"次序 {numbers}"))
    return found


def check_effects(wall: Watch) -> list[Violation]:
    """The same revision of a case moves a wall at most once in a life of the store, also across reloads."""
    effects = Counter(
        (life.epoch, item["case_no"], item["seq"])
        for life in wall.lives
        for item in life.items
        if "case_no" in item
    )
    return [
        Violation("doubled", wall.name, f"{effect} 动了 {n} 次") for effect, n in effects.items() if n > 1
    ]


def check_end(wall: Watch, log: Log) -> list[Violation]:
    """With the faults healed a wall is where the log ends."""
    life = wall.lives[-1] if wall.lives else None
    if life is not None and (life.epoch, life.end) == (log.epoch, log.top):
        return []
    where = "哪里也不在" if life is None else f"在 {life.epoch} 的 {life.end}"
    return [Violation("behind", wall.name, f"{where}，日志在 {log.epoch} 的 {log.top}")]


def count(violations: Iterable[Violation]) -> Counter[str]:
    """How many of each kind."""
    return Counter(violation.kind for violation in violations)


def _visible(log: Log, path: str) -> list[dict[str, Any]]:
    scope = Scope(path)
    return [item for row in log.rows if (item := visible_item(row, scope)) is not None]


def _revisions(log: Log) -> list[tuple[str, str]]:
    """(source_id, state) of each change that a post made: a light that only the clock turned is none."""
    found: list[tuple[str, str]] = []
    lights: dict[tuple[str, str], set[str]] = {}
    for row in log.rows:
        if row.type != "case":
            continue
        body = orjson.loads(row.body)
        seen = lights.setdefault((body["case_no"], body["state"]), set())
        if not seen or body["light"] in seen:
            found.append((log.source_ids.get(body["case_no"], f"? {body['case_no']}"), body["state"]))
        seen.add(body["light"])
    return found
