"""How an accepted case passed through the house, as one small number: by which channel it came, by which method it
was dealt with, and how it stands (SD4 of the domain dictionary).

The number is stored (`spread`, measure ``flow``): a dictionary that grows in the middle needs the counts rebuilt.
"""

from __future__ import annotations

from data_adapters.records import life
from data_adapters.records.dictionary import OUTCOME, RESOLUTION_METHOD, SOURCE_CHANNEL

UNKNOWN = "UNKNOWN"
IN_HAND, VOID = "IN_HAND", "VOID"
CHANNELS = (*SOURCE_CHANNEL, UNKNOWN)
METHODS = (*RESOLUTION_METHOD, UNKNOWN)
#: Every accepted case stands in exactly one of these.
ENDS = (IN_HAND, *OUTCOME, VOID, UNKNOWN)
#: More than any number that `code` gives.
CODES = len(CHANNELS) * len(METHODS) * len(ENDS)


def end(state: str, is_open: bool, outcome: str | None) -> str:
    """How an accepted case stands: in hand, void (merged, cancelled), transferred, or with its outcome."""
    if is_open:
        return IN_HAND
    if state in life.VOID:
        return VOID
    return "TRANSFERRED" if state == "TRANSFERRED" else outcome or UNKNOWN


def code(channel: str | None, method: str | None, standing: str) -> int:
    """The number of one way; `parts` undoes it."""
    place = CHANNELS.index(channel or UNKNOWN) * len(METHODS) + METHODS.index(method or UNKNOWN)
    return place * len(ENDS) + ENDS.index(standing)


def parts(number: int) -> tuple[str, str, str]:
    """(channel, method, end) of a number that `code` gave."""
    place, standing = divmod(number, len(ENDS))
    channel, method = divmod(place, len(METHODS))
    return CHANNELS[channel], METHODS[method], ENDS[standing]
