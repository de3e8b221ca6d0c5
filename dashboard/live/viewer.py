"""One viewer's side of the feed, without I/O: where it is, and what to send it next.

Credit of one: after a frame nothing more is sent until its ack, so a slow viewer costs no memory, and what
gathers meanwhile goes out as one frame. A frame covers all of ``from`` to ``to``, also what the viewer may not
see. The machine is driven by the server and by the tests alike; time is a number it is given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dashboard.indicators.figures import Figures
from data_adapters.ledger import Scope

ACK_TIMEOUT_S = 8.0
#: Frames to one viewer are at least this far apart: what comes in between travels together. Where another full frame
#: waits already there is nothing to wait for: who was away has its history as quickly as it acknowledges it.
PACE_S = 0.12
#: What a viewer may ask for at the most.
MOST_PACE_S = 2.0
#: A round that comes a moment early does not make a viewer wait for the next one.
EARLY_S = 0.01
FRAME_CHANGES = 200
#: Further behind than this, a fresh state is cheaper than its history.
FAR_BEHIND = 5_000
#: A viewer that says nothing after `hello` is followed from there, after giving it time to `resume`.
GRACE_S = 1.0
#: Messages a viewer may send: an ack for each frame and a `resume` now and then need less than half of it.
MESSAGES_PER_S = 20.0
MESSAGES_AT_ONCE = 60.0


@dataclass(frozen=True, slots=True)
class Send:
    """Send the changes after ``after`` up to ``to``."""

    after: int
    to: int


@dataclass(frozen=True, slots=True)
class Reset:
    """Tell the viewer to load its state afresh and go on from ``seq``."""

    seq: int


@dataclass(frozen=True, slots=True)
class Cut:
    """End the connection: the viewer has not acknowledged in time."""


@dataclass(slots=True)
class Viewer:
    """``cursor`` is the last change sent; ``awaiting`` the end of the unacknowledged frame, if any.

    ``grid_code`` is the grid that the page says it shows, ``grid_path`` where that is (None until it is looked
    up, or where there is none), ``shown`` the figures it was last given, ``parts`` whether it takes single fields of
    them. ``pace_s``: its frames are at least so far apart. ``more``: a full frame waits beyond the last. ``held_since``
    is when the server began to owe it something that it cannot give. ``applied`` is the last change it says it has.
    """

    sid: str
    scope: Scope
    epoch: str
    cursor: int
    connected_at: float
    resumed: bool = False
    awaiting: int | None = None
    sent_at: float = -1e9
    reset_due: bool = False
    grid_code: str | None = None
    grid_path: str | None = None
    looking: bool = False
    parts: bool = False
    pace_s: float = PACE_S
    more: bool = False
    shown: Figures | None = field(default=None, repr=False)
    held_since: float | None = None
    applied: int = -1
    _allowance: float = MESSAGES_AT_ONCE
    _spoke_at: float = -1e9

    def speaks(self, now: float, cost: float = 1.0) -> bool:
        """Account for a message from the viewer; False if it talks so much that it is to be cut."""
        self._allowance = min(MESSAGES_AT_ONCE, self._allowance + (now - self._spoke_at) * MESSAGES_PER_S)
        self._spoke_at = now
        self._allowance -= cost
        return self._allowance >= 0

    def resume(self, epoch: Any, seq: Any, top: int) -> None:
        """The viewer says what it has applied. Anything that is not of this log asks for a reset."""
        self.resumed = True
        self.more = False
        self.awaiting = None
        # What was sent may not have been applied, so the figures that went with it may not be there.
        self.shown = None
        valid = isinstance(seq, int) and not isinstance(seq, bool) and 0 <= seq <= top
        if epoch != self.epoch or not valid or top - seq > FAR_BEHIND:
            self.reset_due = True
            return
        self.reset_due = False
        self.cursor = self.applied = seq

    def ack(self, epoch: Any, seq: Any) -> bool:
        """The viewer has applied a frame: it has credit again. False for anything but the frame it was sent."""
        if epoch != self.epoch or self.awaiting is None or seq != self.awaiting:
            return False
        self.applied, self.awaiting = self.awaiting, None
        return True

    def look(self, code: Any) -> None:
        """The page says which grid it shows; its figures then travel with the frames, once it is looked up."""
        self.grid_path = self.shown = None
        self.grid_code = code if isinstance(code, str) and 0 < len(code) <= 64 else None
        self.looking = self.grid_code is not None

    def found(self, code: str, path: str | None) -> None:
        """Where the grid is that was asked for; None if there is none. Out of date answers are ignored."""
        if self.looking and code == self.grid_code:
            self.looking = False
            self.grid_path = path
            self.grid_code = code if path is not None else None

    def pace(self, milliseconds: Any) -> None:
        """How far apart it wants its frames, as a page that paints so often does; no closer than anybody's."""
        told = milliseconds / 1_000 if isinstance(milliseconds, int | float) else 0.0
        self.pace_s = min(MOST_PACE_S, max(PACE_S, told))

    def settled(self, epoch: str, top: int) -> bool:
        """Whether it has everything and has said so."""
        return self.epoch == epoch and self.cursor == top and self.awaiting is None and not self.reset_due

    def lacks(self, epoch: str, top: int) -> bool:
        """Whether it has credit and the next thing it needs is changes of the log."""
        in_reach = 0 < top - self.cursor <= FAR_BEHIND
        return self.epoch == epoch and self.awaiting is None and not self.reset_due and in_reach

    def ready(self, epoch: str, top: int, now: float) -> bool:
        """Whether nothing stands in the way of its next frame: what others in its place are sent goes to it as well."""
        return self.lacks(epoch, top) and self.resumed and not self.looking and self._paced(now)

    def takes(self, to: int, now: float, top: int) -> None:
        """It is sent the frame that ends at `to`, of a log that ends at `top`."""
        self.held_since = None
        self.cursor = self.awaiting = to
        self.more = top - to >= FRAME_CHANGES
        self.sent_at = now

    def rest_s(self, now: float) -> float:
        """Seconds until it may have its next frame; not above zero: now."""
        return 0.0 if self.more else self.sent_at + self.pace_s - now

    def _paced(self, now: float) -> bool:
        return self.rest_s(now) <= EARLY_S

    def hold(self, now: float) -> None:
        """The server could not make up what the viewer lacks (the store is away): it goes on later."""
        if self.held_since is None:
            self.held_since = now

    def next_move(
        self, epoch: str, top: int, now: float, *, bulk: bool, to: int | None = None
    ) -> Send | Reset | Cut | None:
        """What to do now. ``bulk``: the changes it lacks cannot be told one by one. ``to``: where the next frame
        ends at the latest, else after `FRAME_CHANGES`."""
        self.held_since = None
        if epoch != self.epoch:
            self.epoch = epoch
            # An ack of the other life would never come to count.
            self.awaiting = None
            self.reset_due = True
        if not self.resumed and now - self.connected_at < GRACE_S:
            return None
        if self.awaiting is not None:
            return Cut() if now - self.sent_at > ACK_TIMEOUT_S else None
        if not self._paced(now):
            return None
        behind = top - self.cursor
        # Ahead of the log: it went back without taking a new epoch.
        if self.reset_due or bulk or behind > FAR_BEHIND or behind < 0:
            self.reset_due = self.more = False
            self.cursor = top
            self.sent_at = now
            self.shown = None
            return Reset(top)
        if behind == 0:
            return None
        move = Send(self.cursor, min(top, self.cursor + FRAME_CHANGES, top if to is None else to))
        self.takes(move.to, now, top)
        return move
