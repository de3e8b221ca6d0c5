"""What we keep: tables, the one write transaction, the change log, rollups, and reads that take a scope."""

from data_adapters.ledger.ledger import Ledger
from data_adapters.ledger.outcome import Outcome
from data_adapters.ledger.scope import Scope
from data_adapters.ledger.snapshot import Snapshot

__all__ = ["Ledger", "Outcome", "Scope", "Snapshot"]
