"""What hatchling does before it builds the wheel: put ``assets/`` where the installed dashboard looks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelHook(BuildHookInterface[Any]):
    """Adds ``assets/`` to a wheel as ``dashboard/assets``; an editable installation reads them in the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises FileNotFoundError where the browser's files are not there: such a wheel would serve no wall."""
        if version == "editable":
            return
        assets = Path(self.root) / "assets"
        if not (assets / "vendor" / "THIRD-PARTY.txt").is_file():
            raise FileNotFoundError("assets/vendor is not there or incomplete; run `make setup` first")
        build_data["force_include"][str(assets)] = "dashboard/assets"
