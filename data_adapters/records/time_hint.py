"""What a text that is no time probably is: how upstreams write times, and how they write that there is none."""

from __future__ import annotations

import re
from datetime import datetime

#: How databases, spreadsheets and people write times; the order of day and month is told, never guessed.
_PATTERNS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%d %H:%M",
    "%Y.%m.%d",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日 %H时%M分",
    "%Y年%m月%d日%H时%M分",
    "%Y年%m月%d日",
    "%d-%m月-%y",
    "%d-%m月 -%y",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
)
#: Digits alone: their number says what they are.
_DIGITS = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 8: "%Y%m%d", 10: "epoch", 13: "epoch_ms"}
_NOTHING = re.compile(
    r"^(\\N|n/?a|null|none|nil|nan|-+|—+|/|无|空|暂无|未知|0000[-/]00[-/]00.*|0+)$", re.IGNORECASE
)
_ORACLE = re.compile(r"^\d{1,2}-\d{1,2}月\s*-\d{2} \d{1,2}\.\d\d\.\d\d")
_LONGEST = 40


def time_hint(value: str) -> str:
    """The end of an error line about a text that is no time: what to write in the configuration, or nothing."""
    text = value.strip()
    if not text or len(text) > _LONGEST:
        return ""
    if _NOTHING.match(text):
        written = text.replace("\\", "\\\\")
        return f'；像是表示没有，可在此来源的 values 里给它写 "{written}" = ""'
    if _ORACLE.match(text):
        return "；像是 Oracle 的时间，请用 TO_CHAR(列, 'YYYY-MM-DD HH24:MI:SS') 导出"
    found = _patterns_of(text)
    return f"；像是 {' 或 '.join(found)}，可用 format 写明" if found else ""


def _patterns_of(text: str) -> list[str]:
    if text.isascii() and text.isdigit():
        known = _DIGITS.get(len(text))
        return [known] if known is not None else []
    return [pattern for pattern in _PATTERNS if _reads(text, pattern)]


def _reads(text: str, pattern: str) -> bool:
    try:
        return 1949 <= datetime.strptime(text, pattern).year <= 2100  # noqa: DTZ007  only whether it fits
    except ValueError:
        return False
