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
#: Frames to one viewer are at least this far apart: what comes in between travels together.
PACE_S = 0.1
FRAME_CHANGES = 200
#: Further behind than this, a fresh state is cheaper than its history.
FAR_BEHIND = 5_000
#: A viewer that says nothing after `hello` is followed from there, after giving it time to `resume`.
GRACE_S = 1.0


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
    """``cursor`` is the last change sent; ``awaiting`` the end of the unacknowledged frame, if any."""

    sid: str
    scope: Scope
    epoch: str
    cursor: int
    connected_at: float
    resumed: bool = False
    awaiting: int | None = None
    sent_at: float = -1e9
    reset_due: bool = False
    grid_path: str | None = None
    grid_code: str | None = None
    shown: Figures | None = field(default=None, repr=False)

    def resume(self, epoch: Any, seq: Any, top: int) -> None:
        """The viewer says what it has applied. Anything that is not of this log asks for a reset."""
        self.resumed = True
        self.awaiting = None
        valid = isinstance(seq, int) and not isinstance(seq, bool) and 0 <= seq <= top
        if epoch != self.epoch or not valid or top - seq > FAR_BEHIND:
            self.reset_due = True
            return
        self.reset_due = False
        self.cursor = seq

    def ack(self, epoch: Any, seq: Any) -> None:
        """The viewer has applied a frame: it has credit again."""
        if epoch == self.epoch and self.awaiting is not None and seq == self.awaiting:
            self.awaiting = None

    def next_move(self, epoch: str, top: int, now: float, *, bulk: bool) -> Send | Reset | Cut | None:
        """What to do now. ``bulk``: one of the changes it lacks (the next `FRAME_CHANGES`) is a whole load."""
        if epoch != self.epoch:
            self.epoch = epoch
            self.reset_due = True
        if not self.resumed and now - self.connected_at < GRACE_S:
            return None
        if self.reset_due or top - self.cursor > FAR_BEHIND or (bulk and self.awaiting is None):
            self.reset_due = False
            self.cursor, self.awaiting = top, None
            return Reset(top)
        if self.awaiting is not None:
            return Cut() if now - self.sent_at > ACK_TIMEOUT_S else None
        if self.cursor >= top or now - self.sent_at < PACE_S:
            return None
        move = Send(self.cursor, min(top, self.cursor + FRAME_CHANGES))
        self.cursor = self.awaiting = move.to
        self.sent_at = now
        return move
