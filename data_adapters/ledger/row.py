"""A case's row by attribute, where it is held as a dictionary on its way into the database."""

from __future__ import annotations

from typing import Any


class Row:
    """Attribute access to a dictionary, without copying it. Satisfies `contributions.Counted`."""

    def __init__(self, values: dict[str, Any]) -> None:
        # The values are the attributes: looking one up costs no call, and rows are counted by the thousand.
        self.__dict__ = values

    @property
    def mapping(self) -> dict[str, Any]:
        """The values themselves."""
        return self.__dict__

    @property
    def _mapping(self) -> dict[str, Any]:
        """As a row of the database has it."""
        return self.__dict__

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)  # what is not among the values; for the type checker, anything may be
