"""Parquet, and GeoParquet, by row batches."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyproj

from data_adapters.readers.reader import CHUNK_ROWS, GEOMETRY, Chunk, SourceError, require_columns

#: Unpacked, as the file itself says.
MAX_MB = 4_000


def read_parquet(path: Path, wanted: Collection[str]) -> Iterator[Chunk]:
    """Chunks of a Parquet file; rows count from 1. A GeoParquet's primary geometry comes under `GEOMETRY`."""
    try:
        with pq.ParquetFile(path) as file:
            names = list(file.schema_arrow.names)
            require_columns(wanted, names, path.name)
            _refuse_large(file.metadata, path.name)
            geometry, crs = _geometry(file.schema_arrow.metadata or {})
            columns = {name: name for name in wanted if name != GEOMETRY}
            if GEOMETRY in wanted and geometry in names:
                columns[geometry] = GEOMETRY
            count, total = 0, file.metadata.num_rows
            for batch in file.iter_batches(batch_size=CHUNK_ROWS, columns=list(columns)):
                keys = [columns[name] for name in batch.schema.names]
                lists = [column.to_pylist() for column in batch.columns]
                rows = [dict(zip(keys, values, strict=True)) for values in zip(*lists, strict=True)]
                yield Chunk(rows, list(range(count + 1, count + len(rows) + 1)), crs=crs, total=total)
                count += len(rows)
    except MemoryError:
        raise  # Arrow's is an ArrowException too
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            f"{path.name}：不是可读的 Parquet（{' '.join(str(error).split())[:200]}）",
            "not_parquet",
        ) from None


def _refuse_large(metadata: pq.FileMetaData, shown: str) -> None:
    """What unpacks to more than we would read. Raises `SourceError`."""
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    unpacked_mb = sum(group.total_byte_size for group in groups) / 1_000_000
    if unpacked_mb > MAX_MB:
        raise SourceError(
            f"{shown}：解开后 {unpacked_mb:,.0f} MB，最多 {MAX_MB:,} MB，请拆成几个文件", "too_large"
        )


def _geometry(metadata: dict[bytes, bytes]) -> tuple[str, str | None]:
    """(geometry column, its CRS) as a GeoParquet's header states them; ("", None) for a plain Parquet."""
    try:
        stated: dict[str, Any] = json.loads(metadata[b"geo"])
        column = str(stated["primary_column"])
        crs = stated["columns"][column].get("crs", "OGC:CRS84")
        return column, None if crs is None else pyproj.CRS.from_user_input(crs).to_string()
    except (KeyError, ValueError, TypeError, AttributeError, pyproj.exceptions.CRSError):
        return "", None
