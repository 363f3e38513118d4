"""A change set as bytes, the form in which every store keeps it beside its revision.

Layout, little-endian, compressed as a whole with zlib: the graphs' owners as JSON; then for the added and the removed
quads: the terms as UTF-8 lengths and bytes, and the quads as four int32 columns; last the revisions that had said the removed
quads, as int32. What an older program packed ends before these.
"""

from __future__ import annotations

import struct
import zlib
from itertools import compress

import numpy as np
import orjson
from numpy.typing import NDArray

from graph.changes import ChangeSet
from ontology.terms import QuadBlock

_SIZE = struct.Struct("<q")
_LEVEL = 1  # level 6 takes four times as long for a tenth less on Brick models


def used_terms(block: QuadBlock) -> tuple[list[str], NDArray[np.integer]]:
    """The terms that the block's quads use, in order of their index, and the quads over those terms. Cost: linear in the terms, or one
    sort of a small block that is cut out of a large table of terms."""
    terms = block.terms
    if block.quads.size < len(terms):
        numbers, places = np.unique(block.quads, return_inverse=True)
        return [terms[n] for n in numbers.tolist()], places.reshape(-1, 4)
    used = np.zeros(len(terms), dtype=np.bool_)
    used[block.quads.reshape(-1)] = True
    if used.all():
        return list(terms), block.quads
    return list(compress(terms, used.tolist())), (np.cumsum(used) - 1)[block.quads]


def pack(change: ChangeSet) -> bytes:
    """The bytes of a change set."""
    owners = orjson.dumps(dict(change.graphs), option=orjson.OPT_SORT_KEYS)
    pieces = [_SIZE.pack(len(owners)), owners]
    for block in (change.added, change.removed):
        terms, quads = used_terms(block)
        encoded = [term.encode() for term in terms]
        lengths = np.fromiter(map(len, encoded), dtype="<i4", count=len(encoded))
        pieces += [_SIZE.pack(len(terms)), lengths.tobytes(), b"".join(encoded)]
        pieces += [_SIZE.pack(len(quads)), np.ascontiguousarray(quads.T, dtype="<i4").tobytes()]
    pieces += [_SIZE.pack(len(change.since)), change.since.astype("<i4").tobytes()]
    return zlib.compress(b"".join(pieces), _LEVEL)


def unpack(data: bytes) -> ChangeSet:
    """The change set of its bytes; the inverse of `pack` up to the order of terms."""
    raw = zlib.decompress(data)
    (size,) = _SIZE.unpack_from(raw)
    at = _SIZE.size + size
    owners: dict[str, str] = orjson.loads(raw[_SIZE.size : at])
    added, at = _block(raw, at)
    removed, at = _block(raw, at)
    since = np.frombuffer(raw, dtype="<i4", offset=at + _SIZE.size) if at < len(raw) else np.empty(0)
    return ChangeSet(added, removed, owners, since.astype(np.int32))


def _block(raw: bytes, at: int) -> tuple[QuadBlock, int]:
    (count,) = _SIZE.unpack_from(raw, at)
    at += _SIZE.size
    lengths = np.frombuffer(raw, dtype="<i4", count=count, offset=at)
    at += lengths.nbytes
    ends = at + np.cumsum(lengths, dtype=np.int64)
    terms = [raw[end - length : end].decode() for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)]
    at += int(lengths.sum(dtype=np.int64))
    (count,) = _SIZE.unpack_from(raw, at)
    at += _SIZE.size
    quads = np.frombuffer(raw, dtype="<i4", count=4 * count, offset=at).reshape(4, count)
    return QuadBlock(terms, np.ascontiguousarray(quads.T, dtype=np.int32)), at + quads.nbytes
