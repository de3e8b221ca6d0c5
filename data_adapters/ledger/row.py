"""A case's row by attribute, where it is held as a dictionary on its way into the database."""

from __future__ import annotations

from typing import Any


class Row:
    """Attribute access to a mapping, without copying it. Satisfies `contributions.Counted`."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None
