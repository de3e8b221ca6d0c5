"""JSON read with suspicion: depth, repeated keys, and numbers that are none."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from data_adapters.readers.reader import SourceError

MAX_DEPTH = 32
MAX_MB = 512
_STRINGS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_NO_BRACKET = {code: None for code in range(128) if chr(code) not in "[]{}"}
_BLOCK = 1 << 22


class RepeatedKeys(dict[str, Any]):
    """An object that named a key twice: which one was meant cannot be known. ``key`` is the first such."""

    key: str = ""


def read_json_text(text: str, where: str) -> Any:
    """The value of a JSON text. Objects with a repeated key come as `RepeatedKeys`.

    Raises `SourceError` for what is no JSON, NaN among it, and for nesting beyond `MAX_DEPTH`.
    """
    text = text.removeprefix("\ufeff")
    if depth(text) > MAX_DEPTH:
        raise SourceError(f"{where}：JSON 嵌套超过 {MAX_DEPTH} 层", "too_deep")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{where}：第 {error.lineno} 行不是有效的 JSON（{error.msg}）", "not_json"
        ) from None
    except (RecursionError, ValueError) as error:
        raise SourceError(f"{where}：不是有效的 JSON（{str(error)[:80]}）", "not_json") from None


def check_json_text(text: str, where: str) -> None:
    """Refuse a text that another parser is about to read, where it is no JSON or repeats a key.

    Values are dropped as soon as their object ends, so no more than one feature is ever held.
    """
    if depth(text) > MAX_DEPTH:
        raise SourceError(f"{where}：JSON 嵌套超过 {MAX_DEPTH} 层", "too_deep")

    def seen(pairs: list[tuple[str, Any]]) -> None:
        if (key := _repeated(pairs)) is not None:
            raise SourceError(f"{where}：同一对象里有重复的键 {key[:40]!r}", "repeated_key")

    try:
        json.loads(text.removeprefix("\ufeff"), object_pairs_hook=seen, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{where}：第 {error.lineno} 行不是有效的 JSON（{error.msg}）", "not_json"
        ) from None
    except SourceError:
        raise
    except (RecursionError, ValueError) as error:
        raise SourceError(f"{where}：不是有效的 JSON（{str(error)[:80]}）", "not_json") from None


def depth(text: str) -> int:
    """The deepest nesting of brackets outside of strings, in one pass over them; cheap, so a bomb costs nothing."""
    deepest = level = 0
    brackets = _STRINGS.sub("", text).translate(_NO_BRACKET)
    for start in range(0, len(brackets), _BLOCK):
        block = brackets[start : start + _BLOCK].encode("ascii", "ignore")
        codes = np.frombuffer(block, dtype=np.uint8)
        steps = np.where((codes == ord("[")) | (codes == ord("{")), 1, -1).astype(np.int32)
        levels = level + np.cumsum(steps)
        if len(levels):
            deepest, level = max(deepest, int(levels.max())), int(levels[-1])
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    key = _repeated(pairs)
    if key is None:
        return dict(pairs)
    found = RepeatedKeys(pairs)
    found.key = key
    return found


def _repeated(pairs: list[tuple[str, Any]]) -> str | None:
    if len({key for key, _ in pairs}) == len(pairs):
        return None
    seen: set[str] = set()
    return next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]


def _no_number(token: str) -> Any:
    raise ValueError(f"{token} 不是 JSON 的数")
