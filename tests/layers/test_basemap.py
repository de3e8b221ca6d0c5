"""Ground maps: tiny files made here, and a service made here. What is broken is told in one line at the start."""

from __future__ import annotations

import gzip
import sqlite3
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson
import pytest
from pydantic import ValidationError

from data_adapters.map_settings import BasemapSettings
from layers import tile_service
from layers.basemap import open_basemap
from layers.ground import MAX_BYTES, content_type
from layers.pmtiles import tile_id
from layers.tiles import Tile

PICTURE = b"\x89PNG\r\n\x1a\n" + b"a picture"
VECTOR = gzip.compress(b"\x1a\x00", mtime=0)
META = {"vector_layers": [{"id": "water"}, {"id": "roads"}], "attribution": "© 某市"}


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def directory(entries: list[tuple[int, int, int, int]]) -> bytes:
    """(tile id, offset, length, run) as the specification writes them, gzipped."""
    ids = [one[0] for one in entries]
    deltas = [after - before for before, after in zip([0, *ids], ids, strict=False)]
    offsets, expected = [], None
    for _, offset, length, _ in entries:
        offsets.append(0 if offset == expected else offset + 1)
        expected = offset + length
    numbers = [len(entries), *deltas, *(one[3] for one in entries), *(one[2] for one in entries), *offsets]
    return gzip.compress(b"".join(map(varint, numbers)), mtime=0)


def make_pmtiles(path: Path, tiles: dict[Tile, bytes], kind: int = 1, leaves: bool = False) -> Path:
    """A PMTiles file; with `leaves` every entry of the root points to a directory of one tile."""
    rows, data = [], b""
    for tile, content in sorted(tiles.items(), key=lambda one: tile_id(one[0])):
        rows.append((tile_id(tile), len(data), len(content), 1))
        data += content
    below = b""
    if leaves:
        top = []
        for row in rows:
            leaf = directory([row])
            top.append((row[0], len(below), len(leaf), 0))
            below += leaf
        rows = top
    root, meta = directory(rows), gzip.compress(orjson.dumps(META), mtime=0)
    zooms = [tile.z for tile in tiles]
    at = 127
    places = [at, len(root), at + len(root), len(meta)]
    places += [sum(places[-2:]), len(below), sum(places[-2:]) + len(below), len(data)]
    head = (
        b"PMTiles\x03" + struct.pack("<8Q", *places) + struct.pack("<3Q", len(tiles), len(rows), len(tiles))
    )
    head += bytes([1, 2, 2 if kind == 1 else 1, kind, min(zooms), max(zooms)])
    path.write_bytes(head.ljust(127, b"\0") + root + meta + below + data)
    return path


def make_mbtiles(path: Path, tiles: dict[Tile, bytes], form: str) -> Path:
    """An MBTiles file."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE metadata (name text, value text)")
    connection.execute(
        "CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob)"
    )
    told = {"format": form, "json": orjson.dumps(META).decode()}
    connection.executemany("INSERT INTO metadata VALUES (?, ?)", told.items())
    rows = [(tile.z, tile.x, 2**tile.z - 1 - tile.y, data) for tile, data in tiles.items()]
    connection.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return path


def test_tiles_are_numbered_as_the_specification_numbers_them() -> None:
    # From the test vectors of the reference implementation.
    known = {(0, 0, 0): 0, (1, 0, 0): 1, (1, 0, 1): 2, (1, 1, 1): 3, (1, 1, 0): 4, (2, 0, 0): 5}
    assert {place: tile_id(Tile(*place)) for place in known} == known
    assert tile_id(Tile(12, 3423, 1763)) == 19_078_479
    every = [tile_id(Tile(4, x, y)) for x in range(16) for y in range(16)]
    assert sorted(every) == list(range(85, 85 + 256))


@pytest.mark.parametrize("leaves", [False, True])
def test_every_tile_of_a_pmtiles_file_is_found_and_no_other(tmp_path: Path, leaves: bool) -> None:
    tiles = {Tile(z, x, y): gzip.compress(f"\x1a{z}/{x}/{y}".encode()) for z, x, y in
             [(0, 0, 0), (3, 5, 2), (3, 5, 3), (9, 400, 200), (14, 13000, 6500)]}  # fmt: skip
    basemap = open_basemap(BasemapSettings(path=make_pmtiles(tmp_path / "a.pmtiles", tiles, leaves=leaves)))
    assert {tile: basemap.tile(tile) for tile in tiles} == tiles
    assert basemap.tile(Tile(3, 5, 4)) is None
    assert basemap.tile(Tile(20, 0, 0)) is None
    ground = basemap.ground
    assert (ground.kind, ground.min_zoom, ground.max_zoom) == ("vector", 0, 14)
    assert (list(ground.names), ground.attribution) == (["water", "roads"], "© 某市")


def test_rows_of_an_mbtiles_file_count_from_the_south(tmp_path: Path) -> None:
    path = make_mbtiles(tmp_path / "a.mbtiles", {Tile(3, 5, 2): PICTURE}, "png")
    basemap = open_basemap(BasemapSettings(path=path, opacity=0.3))
    assert basemap.tile(Tile(3, 5, 2)) == PICTURE
    assert basemap.tile(Tile(3, 5, 5)) is None
    assert (basemap.ground.kind, basemap.ground.opacity, basemap.ground.tile_px) == ("raster", 0.3, 256)
    found: list[bytes | None] = []
    thread = threading.Thread(target=lambda: found.append(basemap.tile(Tile(3, 5, 2))))
    thread.start()
    thread.join()
    assert found == [PICTURE]


def test_what_is_no_ground_map_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.pmtiles").write_bytes(b"x" * 200)
    (tmp_path / "a.mbtiles").write_bytes(b"x" * 200)
    make_mbtiles(tmp_path / "empty.mbtiles", {}, "png")
    whole = make_pmtiles(tmp_path / "cut.pmtiles", {Tile(0, 0, 0): VECTOR}).read_bytes()
    (tmp_path / "cut.pmtiles").write_bytes(whole[:140])
    for name in ("a.pmtiles", "a.mbtiles", "empty.mbtiles", "cut.pmtiles", "none.mbtiles"):
        with pytest.raises(ValueError, match=r"map\.basemap") as told:
            open_basemap(BasemapSettings(path=tmp_path / name))
        assert "\n" not in str(told.value)
        assert name in str(told.value)


def test_a_configuration_names_a_file_or_a_service(tmp_path: Path) -> None:
    for wrong in (
        {}, {"path": "a.tif"}, {"url": "ftp://h/{z}/{x}/{y}"}, {"url": "http://h/{z}/{x}"},
        {"path": "a.mbtiles", "url": "http://h/{z}/{x}/{y}"}, {"path": "a.mbtiles", "min_zoom": 9, "max_zoom": 3},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            BasemapSettings.model_validate(wrong)


class _Service(BaseHTTPRequestHandler):
    asked: list[str]
    down = False

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        x = int(self.path.split("/")[2])
        if type(self).down:
            self.send_response(503)
            self.end_headers()
            return
        if x == 4:
            self.send_response(403)
            self.end_headers()
            return
        if x == 1:
            self.send_response(302)
            self.send_header("Location", "http://elsewhere.invalid/")
            self.end_headers()
            return
        body = {2: b"<html>no</html>", 3: b"\x89PNG" + b"x" * MAX_BYTES}.get(x, PICTURE)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    _Service.asked, _Service.down = [], False
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_service_is_asked_once_a_tile_and_never_leads_elsewhere(service: str) -> None:
    basemap = open_basemap(BasemapSettings(url=f"{service}/{{TileMatrix}}/{{TileCol}}/{{TileRow}}.png"))
    assert basemap.tile(Tile(5, 7, 9)) == PICTURE
    assert basemap.tile(Tile(5, 7, 9)) == PICTURE
    assert _Service.asked == ["/5/7/9.png"]
    # A redirect, a page and a giant are no tiles.
    for x in (1, 2, 3):
        assert basemap.tile(Tile(5, x, 9)) is None


def test_a_service_that_fails_is_left_alone_for_a_while_and_what_it_gave_stays(service: str) -> None:
    basemap = open_basemap(BasemapSettings(url=f"{service}/{{z}}/{{x}}/{{-y}}"))
    assert basemap.tile(Tile(2, 0, 1)) == PICTURE
    assert _Service.asked == ["/2/0/2"]
    _Service.down = True
    assert basemap.tile(Tile(2, 0, 3)) is None
    asked = len(_Service.asked)
    assert basemap.tile(Tile(2, 0, 0)) is None
    assert basemap.tile(Tile(2, 0, 1)) == PICTURE
    assert len(_Service.asked) == asked


def test_a_service_that_fails_is_told_once_and_so_is_its_recovery(
    service: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tile_service, "REST_S", 0.0)
    basemap = open_basemap(BasemapSettings(url=f"{service}/{{z}}/{{x}}/{{y}}?key=secret"))
    assert basemap.tile(Tile(5, 7, 9)) == PICTURE
    assert basemap.fault is None
    _Service.down = True
    for y in (10, 11):
        assert basemap.tile(Tile(5, 7, y)) is None
    assert basemap.fault == "答 503"
    _Service.down = False
    assert basemap.tile(Tile(5, 7, 12)) == PICTURE
    assert basemap.fault is None
    # A key that is refused is a fault as well, though the service answers.
    assert basemap.tile(Tile(5, 4, 9)) is None
    assert "403" in (basemap.fault or "")
    said = [record.getMessage() for record in caplog.records]
    assert [text.split("：")[1][:3] for text in said] == ["答 5", "恢复了", "拒绝了"]
    assert "secret" not in "".join(said)


def test_a_service_that_is_not_there_is_told() -> None:
    basemap = open_basemap(BasemapSettings(url="http://127.0.0.1:9/{z}/{x}/{y}"))
    assert basemap.tile(Tile(5, 7, 9)) is None
    assert basemap.fault == "没有应答"


def test_what_a_service_did_not_have_is_asked_for_again_long_before_its_tiles(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    basemap = open_basemap(BasemapSettings(url=f"{service}/{{z}}/{{x}}/{{y}}"))
    for _ in range(2):
        assert basemap.tile(Tile(5, 2, 9)) is None
        assert basemap.tile(Tile(5, 7, 9)) == PICTURE
    assert _Service.asked == ["/5/2/9", "/5/7/9"]
    monkeypatch.setattr(tile_service, "EMPTY_S", 0.0)
    assert basemap.tile(Tile(5, 2, 9)) is None
    assert basemap.tile(Tile(5, 7, 9)) == PICTURE
    assert _Service.asked == ["/5/2/9", "/5/7/9", "/5/2/9"]


def test_a_tile_is_known_by_its_first_bytes() -> None:
    assert content_type(PICTURE) == "image/png"
    assert content_type(VECTOR) == "application/vnd.mapbox-vector-tile"
    assert content_type(b"<html>") is None
    assert content_type(b"") is None
