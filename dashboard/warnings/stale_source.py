"""R13: a source that has not been read well for three times as long as it should."""

from __future__ import annotations

from datetime import datetime, timedelta

from data_adapters.ledger.alerts import Condition
from data_adapters.ledger.item import stamp
from data_adapters.ledger.scope import ROOT
from data_adapters.ledger.sources import SourceState

RULE = "R13"
#: Times its interval; and the least that counts, for a source that is read every few seconds.
FACTOR, LEAST = 3, timedelta(minutes=2)


def judge(source: SourceState, now: datetime) -> Condition | None:
    """The condition a source is in, if any. One that is not pulled (``every_s`` unknown) has no interval to miss."""
    if source.every_s is None:
        return None
    limit = max(FACTOR * timedelta(seconds=source.every_s), LEAST)
    since = source.last_ok_at
    if since is not None and now - since <= limit:
        return None
    # The age itself is no fact: it would be news each time somebody looks.
    facts = {"every_s": source.every_s, "last_ok_at": stamp(since), "error": source.error is not None}
    return Condition(RULE, "RED", "SOURCE", source.name, ROOT, facts)
