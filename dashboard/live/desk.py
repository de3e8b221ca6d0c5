"""Who is to be sent what, for all viewers of a process. Pure: no socket, no store, no clock.

The server and the simulator of the tests both drive it. A round never waits for anything, so nothing can happen
to a viewer between the decision what it gets and the sending. Viewers in the same position get one letter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dashboard.indicators.figures import Figures, changed, parted
from dashboard.live.viewer import EARLY_S, FRAME_CHANGES, PACE_S, Cut, Reset, Send, Viewer
from data_adapters.ledger import Scope
from data_adapters.ledger.snapshot import visible_item

#: Visible items remembered, of all scopes together.
ITEMS_KEPT = 4_000
#: Rounds that send something are at least this far apart.
ROUND_S = 0.02
#: A viewer that is owed something for longer than this hears no beat, so that it says that it is stale.
OWED_S = 4.0


class Log(Protocol):
    """The change log as far as it was looked at."""

    @property
    def epoch(self) -> str:
        """The life of the store."""

    @property
    def top(self) -> int:
        """The last change seen."""

    def after(self, seq: int, limit: int) -> Sequence[Any] | None:
        """Up to `limit` changes after `seq`, oldest first; None where they have to be fetched first."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message for several viewers."""

    event: str
    message: dict[str, Any]
    sids: list[str]


@dataclass(frozen=True, slots=True)
class Passage:
    """What comes next for every viewer of one scope in one place: worked out once, however many they are.

    ``tellable``: whether it can be told one by one: it is all there, and none of it is a whole load.
    """

    rows: Sequence[Any]
    items: list[dict[str, Any]]
    tellable: bool


class Desk:
    """The viewers of this process, by the id of their connection."""

    def __init__(self) -> None:
        self.viewers: dict[str, Viewer] = {}
        self._items: dict[tuple[str, int], dict[str, Any] | None] = {}
        self._items_of = ""
        self._passages: dict[tuple[str, int], Passage | None] = {}
        self._asked: dict[str, dict[str, Any]] = {}

    def ask(self, sid: str, resume: dict[str, Any]) -> None:
        """A viewer says where it is. Answered after a look at the log that begins later: it may know more than us."""
        self._asked[sid] = self._asked.get(sid, {}) | resume

    def asked(self) -> dict[str, dict[str, Any]]:
        """What was asked so far: take it before looking at the log, give it to `answer` after."""
        asked, self._asked = self._asked, {}
        return asked

    def put_back(self, asked: Mapping[str, dict[str, Any]]) -> None:
        """The look at the log failed: what was asked before it is still to be answered."""
        for sid, resume in asked.items():
            self._asked[sid] = resume | self._asked.get(sid, {})

    def answer(self, asked: Mapping[str, dict[str, Any]], log: Log) -> None:
        """Put the viewers where they say they are."""
        for sid, resume in asked.items():
            viewer = self.viewers.get(sid)
            if viewer is not None:
                viewer.resume(resume.get("epoch"), resume.get("seq"), log.top)
                viewer.parts = resume.get("parts") is True
                viewer.pace(resume.get("pace"))
                if "grid" in resume:
                    viewer.look(resume["grid"])

    def paths_to_count(self, log: Log) -> set[str]:
        """The grids whose figures the next round needs: of viewers with something visible to come."""
        self._remember(log.epoch)
        needed = set()
        for viewer in self.viewers.values():
            path = viewer.grid_path
            if path is None or path in needed or not viewer.lacks(log.epoch, log.top):
                continue
            passage = self._passage(log, viewer)
            if viewer.shown is None or (passage is not None and passage.items):
                needed.add(path)
        return needed

    def round(
        self, log: Log, now: float, figures: Mapping[str, Figures], stamp: str
    ) -> tuple[list[Letter], list[str]]:
        """(letters to send, connections to cut). ``stamp`` is the server's time as the frames tell it."""
        self._remember(log.epoch)
        letters: dict[tuple[Any, ...], Letter] = {}
        cut: list[str] = []
        # Most viewers are where another is: what was worked out for the first goes to all of them.
        alike: dict[tuple[Any, ...], tuple[Letter, int, Figures | None]] = {}
        epoch, top = log.epoch, log.top
        for viewer in list(self.viewers.values()):
            place = None
            if viewer.ready(epoch, top, now):
                place = (
                    viewer.cursor,
                    viewer.scope.path,
                    viewer.grid_path,
                    id(viewer.shown),
                    viewer.parts,
                )
                if (same := alike.get(place)) is not None:
                    letter, end, fresh = same
                    letter.sids.append(viewer.sid)
                    viewer.takes(end, now, top)
                    viewer.shown = fresh
                    continue
            elif viewer.settled(epoch, top):
                continue
            passage = None
            if viewer.lacks(epoch, top):
                passage = self._passage(log, viewer)
                if passage is None or viewer.looking or not _countable(viewer, passage, figures):
                    viewer.hold(now)
                    continue
            bulk = passage is not None and not passage.tellable
            to = passage.rows[-1].seq if passage is not None and passage.rows else None
            move = viewer.next_move(epoch, top, now, bulk=bulk, to=to)
            if isinstance(move, Cut):
                cut.append(viewer.sid)
            elif isinstance(move, Reset):
                reset = Letter("reset", {"epoch": epoch, "seq": move.seq}, [])
                letters.setdefault(("reset",), reset).sids.append(viewer.sid)
            elif isinstance(move, Send) and passage is not None:
                letter = self._frame(letters, viewer, epoch, passage.items, move, figures, stamp)
                if place is not None:
                    alike[place] = letter, move.to, viewer.shown
        return list(letters.values()), cut

    def refresh(self, log: Log, figures: Mapping[str, Figures]) -> list[Letter]:
        """Figures that only the clock changed, for viewers that have everything else."""
        letters: dict[tuple[Any, ...], Letter] = {}
        for viewer in self.viewers.values():
            fresh = figures.get(viewer.grid_path) if viewer.grid_path is not None else None
            if fresh is None or fresh is viewer.shown or not viewer.settled(log.epoch, log.top):
                continue
            before, viewer.shown = viewer.shown, fresh
            news = _news(before, fresh, parts=viewer.parts)
            if news["figures"] or news.get("parts"):
                letter = Letter("figures", {"grid": viewer.grid_code, "seq": log.top} | news, [])
                letters.setdefault((viewer.grid_path, id(before), viewer.parts), letter).sids.append(
                    viewer.sid
                )
        return list(letters.values())

    def pause(self, now: float) -> float:
        """Seconds until the next round, after one that sent something: until a viewer may have its next frame, which
        those that may soon after will share."""
        if any(viewer.more for viewer in self.viewers.values()):
            return ROUND_S
        rests = (viewer.rest_s(now) for viewer in self.viewers.values())
        return min(PACE_S, max(ROUND_S, min((rest for rest in rests if rest > EARLY_S), default=PACE_S)))

    def paths_shown(self) -> set[str]:
        """The grids that some page shows."""
        return {viewer.grid_path for viewer in self.viewers.values() if viewer.grid_path is not None}

    def served(self, now: float) -> list[str]:
        """The connections that may be told that the feed lives: those to whom nothing is owed for long."""
        return [
            viewer.sid
            for viewer in self.viewers.values()
            if viewer.held_since is None or now - viewer.held_since < OWED_S
        ]

    def _remember(self, epoch: str) -> None:
        if epoch != self._items_of:  # in another life of the store the same numbers mean something else
            self._items_of = epoch
            self._items.clear()
        self._passages.clear()

    def _passage(self, log: Log, viewer: Viewer) -> Passage | None:
        """What this viewer lacks next; None where it has to be fetched first."""
        key = (viewer.scope.path, viewer.cursor)
        if key not in self._passages:
            rows = log.after(viewer.cursor, FRAME_CHANGES)
            self._passages[key] = None if rows is None else self._made(rows, viewer)
        return self._passages[key]

    def _made(self, rows: Sequence[Any], viewer: Viewer) -> Passage:
        joined = bool(rows) and rows[0].seq == viewer.cursor + 1 and rows[-1].seq == viewer.cursor + len(rows)
        items = [item for row in rows if (item := self._item(row, viewer.scope)) is not None]
        return Passage(rows, items, joined and all(row.type != "bulk" for row in rows))

    def _frame(
        self,
        letters: dict[tuple[Any, ...], Letter],
        viewer: Viewer,
        epoch: str,
        items: list[dict[str, Any]],
        move: Send,
        figures: Mapping[str, Figures],
        stamp: str,
    ) -> Letter:
        before, path = viewer.shown, viewer.grid_path
        # Nothing visible happened: then no figure of this viewer's grid moved either.
        told = path is not None and (bool(items) or before is None)
        fresh = figures[path] if told and path is not None else None

        # Figures a viewer was shown before live as long as this round does, so their ids are names.
        key = (viewer.scope.path, move.after, move.to, path if told else None, id(before), viewer.parts)
        letter = letters.get(key)
        if letter is None:
            frame = {"epoch": epoch, "from": move.after + 1, "to": move.to, "sent_at": stamp, "items": items}
            if fresh is not None:
                frame |= {"grid": viewer.grid_code} | _news(before, fresh, parts=viewer.parts)
            letter = letters[key] = Letter("frame", frame, [])
        letter.sids.append(viewer.sid)
        if fresh is not None:
            viewer.shown = fresh
        return letter

    def _item(self, row: Any, scope: Scope) -> dict[str, Any] | None:
        key = (scope.path, row.seq)
        if key not in self._items:
            if len(self._items) >= ITEMS_KEPT:
                self._items.clear()
            self._items[key] = visible_item(row, scope)
        return self._items[key]


def _news(before: Figures | None, fresh: Figures, *, parts: bool) -> dict[str, Any]:
    """The figures that changed; where it is not known what the page has, all of them, and that they are all.

    ``parts``: of a figure of which only some fields changed, only those, under ``parts``.
    """
    if before is None:
        return {"figures": fresh, "whole": True}
    differing = changed(before, fresh)
    if not parts:
        return {"figures": differing}
    figures, fields = parted(before, differing)
    return {"figures": figures, "parts": fields}


def _countable(viewer: Viewer, passage: Passage, figures: Mapping[str, Figures]) -> bool:
    """Whether the figures are there that go with what comes next, or none are needed."""
    if viewer.grid_path is None or viewer.grid_path in figures:
        return True
    return viewer.shown is not None and not passage.items
