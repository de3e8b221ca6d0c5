"""Named places where the fault suite ends the process, to see what a crash just there costs. Off by default.

``YIPING_FAILPOINT=after-commit:3`` ends it, without farewell, the third time it comes to that place. The variable
is read once, when the process starts; without it, coming to a place is a call of an empty function.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

VARIABLE = "YIPING_FAILPOINT"
#: In the order in which an incident comes by.
PLACES = ("before-insert", "after-insert", "before-commit", "after-commit", "mid-send", "before-ack")


def _off(_place: str) -> None:
    return


def _armed(setting: str) -> Callable[[str], None]:
    """What ends the process where `setting` ("PLACE:TIMES") says. ValueError where it is no such setting."""
    wanted, _, times = setting.partition(":")
    if wanted not in PLACES or not times.isdigit() or int(times) < 1:
        raise ValueError(f"{VARIABLE}={setting}：应为 位置:第几次，位置是 {'、'.join(PLACES)} 之一")
    left = int(times)
    lock = threading.Lock()

    def reach(place: str) -> None:
        nonlocal left
        if place != wanted:
            return
        with lock:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reach


#: Called with its name wherever the process comes to one of `PLACES`.
reach: Callable[[str], None] = _armed(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else _off
