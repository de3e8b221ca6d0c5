"""JSON and GeoJSON over REST, page by page; ArcGIS, WFS and OGC API Features answer the same way."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from data_adapters.http_settings import HttpSettings
from data_adapters.readers.json_list import list_in, object_chunks
from data_adapters.readers.json_text import RepeatedKeys, read_json_text
from data_adapters.readers.reader import GEOMETRY, Chunk, SourceError, Unchanged
from data_adapters.readers.sql import read_cursor, write_cursor
from data_adapters.readers.web import Answer, Host, joined, shown
from data_adapters.settings import SourceSettings

_NEXT = re.compile(r'<([^<>]*)>\s*;[^,<]*\brel\s*=\s*"?next\b"?', re.IGNORECASE)
_CRS = re.compile(r"EPSG\W+(?:[\d.]*:)?(\d{4,6})$")
_VALIDATORS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


class HttpReader:
    """One address of one host. Rows count from 1 over all pages."""

    def read(self, source: SourceSettings, cursor: str | None, wanted: Collection[str]) -> Iterator[Chunk]:
        """Chunks of the rows of every page. Raises `SourceError`, or `Unchanged` where the host says so.

        With ``source.cursor`` the cursor is the greatest value of that column, as in a query. Without it and
        without pages it is what the host gave to ask again with: an ETag or a date.
        """
        asked = _Reading(source, cursor, wanted)
        host = Host(source.url or "", asked.http)
        try:
            yield from asked.chunks(host)
        finally:
            host.close()


class _Reading:
    """One read: which page comes next, how many rows there were, how far the cursor is."""

    def __init__(self, source: SourceSettings, cursor: str | None, wanted: Collection[str]) -> None:
        self.http = source.http or HttpSettings()
        self._source = source
        self._cursor = cursor
        self._wanted = frozenset(wanted) | ({source.cursor} if source.cursor else set())
        self._rows = 0
        self._furthest: Any = None
        self._url = source.url or ""

    def chunks(self, host: Host) -> Iterator[Chunk]:
        url, extra, seen = self._url, self._first(), set[str]()
        last = b""
        for _ in range(self.http.max_pages):
            place = f"{url} {sorted(extra.items())}"
            if place in seen:
                raise SourceError(f"{shown(url)}：下一页又回到了读过的一页，请检查 paging", "paging")
            seen.add(place)
            # A link says all there is to say; our own parameters belong to the first address only.
            params = extra if self.http.paging == "link" and len(seen) > 1 else self._params() | extra
            answer = host.get(url, params, self._conditions())
            if answer.status == 304:
                raise Unchanged
            value = self._value(answer, url)
            if seen and answer.body == last and self.http.paging in {"page", "offset"}:
                raise SourceError(f"{shown(url)}：下一页和上一页一样，请检查 paging 的参数名", "paging")
            last, before = answer.body, self._rows
            yield from self._page(value, answer, url)
            following = self._following(value, answer, url, extra, self._rows - before)
            if following is None:
                return
            url, extra = following
        raise SourceError(
            f"{shown(self._url)}：超过 {self.http.max_pages} 页，请检查 paging 或改 max_pages", "paging"
        )

    def _params(self) -> dict[str, str]:
        """What every page is asked with."""
        start = read_cursor(self._cursor, self._source.cursor_start) if self._source.cursor else ""
        told = start.isoformat() if hasattr(start, "isoformat") else str(start)
        params = {name: str(value).replace(":cursor", told) for name, value in self.http.params.items()}
        if self.http.size_param is not None:
            params[self.http.size_param] = str(self.http.page_size)
        return params

    def _first(self) -> dict[str, str]:
        if self.http.paging == "page":
            return {self.http.page_param: str(self.http.page_start)}
        return {self.http.offset_param: "0"} if self.http.paging == "offset" else {}

    @property
    def _conditional(self) -> bool:
        """Whether one answer is all there is, so that its ETag speaks for the whole source."""
        return self.http.paging == "none" and self._source.cursor is None

    def _conditions(self) -> dict[str, str]:
        if not self._conditional or self._cursor is None:
            return {}
        name, _, value = self._cursor.partition("=")
        return {_VALIDATORS[name]: value} if name in _VALIDATORS else {}

    def _value(self, answer: Answer, url: str) -> Any:
        if answer.status == 204:
            return []
        for encoding in ("utf-8", "gb18030") if self._source.encoding == "auto" else (self._source.encoding,):
            try:
                return read_json_text(answer.body.decode(encoding), shown(url))
            except (UnicodeDecodeError, LookupError):
                continue
        raise SourceError(f"{shown(url)}：不是 UTF-8，请用 encoding 写明", "encoding")

    def _page(self, value: Any, answer: Answer, url: str) -> Iterator[Chunk]:
        """The rows of one page, in chunks."""
        crs = None
        if isinstance(value, dict) and value.get("type") == "FeatureCollection":
            crs = _crs_of(value)
            items = [_row(feature) for feature in list_in(value, "features", shown(url))]
        else:
            items = list_in(value, self._source.records, shown(url))
        first = self._rows == 0
        for chunk in object_chunks(items, shown(url), self._wanted, self._rows + 1, check=first):
            chunk.crs = crs
            chunk.cursor = self._after(chunk, answer)
            yield chunk
        self._rows += len(items)

    def _after(self, chunk: Chunk, answer: Answer) -> str | None:
        """Where a later read may go on once this chunk is stored."""
        if self._conditional:
            return next(
                (f"{name}={answer.headers[name]}" for name in _VALIDATORS if name in answer.headers), None
            )
        if self._source.cursor is None:
            return None
        seen = [value for row in chunk.rows if (value := row.get(self._source.cursor)) is not None]
        try:
            self._furthest = max([*seen, *([] if self._furthest is None else [self._furthest])], default=None)
        except TypeError:
            told = f"cursor 列 {self._source.cursor!r} 的值类型不一，无法比较先后"
            raise SourceError(told, "cursor") from None
        return write_cursor(self._furthest) if self._furthest is not None else self._cursor

    def _following(
        self, value: Any, answer: Answer, url: str, extra: dict[str, str], count: int
    ) -> tuple[str, dict[str, str]] | None:
        """(address, parameters of its own) of the next page, None after the last."""
        http = self.http
        if http.paging == "link":
            link = _link(value, answer, http.next)
            return None if link is None else (joined(url, link), {})
        if http.paging == "cursor":
            token = _at(value, http.next or "")
            return None if token in {None, "", False} else (url, {http.cursor_param: str(token)})
        short = http.page_size is not None and count < http.page_size
        # A server may give fewer than were asked for: ArcGIS and WFS then say that there is more.
        if http.paging == "none" or count == 0 or (short and not _more(value, self._rows)):
            return None
        if http.paging == "page":
            return url, {http.page_param: str(int(extra[http.page_param]) + 1)}
        return url, {http.offset_param: str(int(extra[http.offset_param]) + count)}


def _row(feature: Any) -> Any:
    """A GeoJSON feature as a row: its properties, and its geometry as text under `GEOMETRY`."""
    if not isinstance(feature, dict) or isinstance(feature, RepeatedKeys):
        return feature
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict) or isinstance(properties, RepeatedKeys):
        return properties
    shape = feature.get("geometry")
    return {"id": feature.get("id")} | properties | {GEOMETRY: None if shape is None else json.dumps(shape)}


def _crs_of(collection: dict[str, Any]) -> str | None:
    """The system that a GeoJSON of the old kind names; today's is always WGS 84."""
    name = _at(collection, "crs.properties.name")
    found = _CRS.search(name) if isinstance(name, str) else None
    return f"EPSG:{found[1]}" if found else None


def _more(value: Any, rows: int) -> bool:
    """Whether an answer of ArcGIS or WFS says itself that it is not the last after `rows` rows."""
    if not isinstance(value, dict):
        return False
    exceeded = value.get("exceededTransferLimit") or _at(value, "properties.exceededTransferLimit")
    matched = value.get("numberMatched")
    return exceeded is True or (isinstance(matched, int) and matched > rows)


def _link(value: Any, answer: Answer, place: str | None) -> str | None:
    """The address of the next page: at ``place`` in the body, in the Link header, or among the body's links."""
    if place is not None:
        told = _at(value, place)
        return told if isinstance(told, str) and told else None
    if found := _NEXT.search(answer.headers.get("link", "")):
        return found[1]
    links = value.get("links") if isinstance(value, dict) else None
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") == "next" and isinstance(link.get("href"), str):
            return str(link["href"])
    return None


def _at(value: Any, place: str) -> Any:
    for key in place.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value
