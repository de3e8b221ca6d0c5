"""A request body as JSON, read with suspicion: size, depth, repeated keys, and numbers that are none."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import request

from dashboard.api.problem import Problem

MAX_DEPTH = 32
#: A whole string (one that never ends runs to the end), or a bracket.
_MARK = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


class RepeatedKeys(dict[str, Any]):
    """An object that named a key twice: which one was meant cannot be known, so whoever reads it refuses it."""


def raw_body() -> bytes:
    """The body of the current request, which is never empty."""
    raw = request.get_data(cache=False)
    if not raw:
        raise Problem(400, "请求体为空，应为 JSON")
    return raw


def read_json(raw: bytes) -> Any:
    """A body as JSON. NaN and Infinity come out as floats, for the field that holds them."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(400, f"请求体不是 UTF-8：第 {error.start} 字节起无法解码") from None
    try:
        if _depth(text) > MAX_DEPTH:
            raise Problem(400, f"JSON 嵌套超过 {MAX_DEPTH} 层")
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise Problem(400, f"不是合法 JSON：第 {error.lineno} 行第 {error.colno} 列，{error.msg}") from None
    except (RecursionError, ValueError) as error:
        raise Problem(400, f"不是可用的 JSON：{type(error).__name__}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else RepeatedKeys(found)


def _depth(text: str) -> int:
    """The deepest nesting outside of strings; cheap, so that a depth bomb costs nothing."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    deepest = depth = 0
    for found in _MARK.finditer(text):
        mark = found[0]
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                return deepest
        elif mark in "]}":
            depth -= 1
    return deepest
