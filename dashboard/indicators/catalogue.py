"""The catalogue: one entry an indicator, its formula in words and in integers (domain dictionary, section 3).

A ratio is formed at the last moment from two integers. A denominator of 0 gives no value, never 0 % or 100 %.
"""

from __future__ import annotations

from dashboard.indicators.closing import CLOSING
from dashboard.indicators.ground import GROUND
from dashboard.indicators.indicator import Indicator
from dashboard.indicators.intake import INTAKE
from dashboard.indicators.resolving import RESOLVING
from dashboard.indicators.video import VIDEO_POINTS

CATALOGUE: tuple[Indicator, ...] = (*INTAKE, *CLOSING, *RESOLVING, *GROUND, *VIDEO_POINTS)
BY_ID = {indicator.id: indicator for indicator in CATALOGUE}
