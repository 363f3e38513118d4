"""Lists of names that packed readings speak by: announced once, known from then on, also after a restart.

Rules of this file:

1. A list goes by 8 bytes that are worked out of it (`native_codec.table_id`): it never changes, and who has it need not be told again.
2. A list stands on the disk before its announcement is acknowledged. What waits in the broker's session when we are back comes before the
   copies that the broker has kept, and is of lists that were announced before we went.
3. `TABLES_MAX` lists are known, in memory as on the disk; one more, and the one that was used (on the disk: announced) longest ago is
   forgotten.
"""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from pathlib import Path
from uuid import uuid4

import orjson

from adapters.mqtt.native_codec import table_id
from graph.disk import make_folder, put_in_place

_log = logging.getLogger(__name__)

TABLES_MAX = 1_000
TABLES_BYTES_MAX = 256 << 20
"""What the lists on the disk may take together."""
ENDING = ".json"


class Announced:
    """The lists of one process. Several may share a folder; each is of one thread."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is made with the first list; without one a restart forgets them."""
        self._folder = folder
        self._tables: OrderedDict[bytes, tuple[str, ...]] = OrderedDict()

    def keep(self, names: tuple[str, ...]) -> None:
        """Know a list from now on. Cost: an fsync for one that is new, a look at the folder for one that is there."""
        table = table_id(names)
        if self._folder is not None:
            try:
                self._write(self._folder, table.hex() + ENDING, names)
            except OSError as error:
                _log.warning("announced names cannot be kept in %s: %s; a restart forgets them", self._folder, error)
        self._remember(table, names)

    def find(self, table: bytes) -> tuple[str, ...] | None:
        """The names that go by 8 bytes, None for those that nobody has announced. Cost: a look-up; at first, a file."""
        names = self._tables.get(table)
        if names is not None:
            self._tables.move_to_end(table)
        elif self._folder is not None and (names := _read(self._folder / (table.hex() + ENDING), table)) is not None:
            self._remember(table, names)
        return names

    def _remember(self, table: bytes, names: tuple[str, ...]) -> None:
        self._tables[table] = names
        self._tables.move_to_end(table)
        while len(self._tables) > TABLES_MAX:
            self._tables.popitem(last=False)

    def _write(self, folder: Path, name: str, names: tuple[str, ...]) -> None:
        path = folder / name
        if path.is_file() and _read(path, table_id(names)) is not None:
            os.utime(path)
            return
        make_folder(folder)
        data = orjson.dumps(names)
        self._make_room(folder, len(data))
        part = folder / f"{name}.{uuid4().hex}"
        try:
            part.write_bytes(data)
            put_in_place(part, path)
        finally:
            part.unlink(missing_ok=True)

    def _make_room(self, folder: Path, size: int) -> None:
        """Rule 3, and what a process that was killed left half written."""
        found = sorted((stat.st_mtime_ns, path, stat.st_size) for path in folder.iterdir() if (stat := path.stat()))
        count, taken = len(found), sum(each[2] for each in found)
        for _, path, freed in found:
            if count < TABLES_MAX and taken + size <= TABLES_BYTES_MAX:
                return
            path.unlink(missing_ok=True)
            count, taken = count - 1, taken - freed


def _read(path: Path, table: bytes) -> tuple[str, ...] | None:
    """The list of a file, if the file holds the one that goes by these bytes."""
    try:
        names = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if type(names) is not list or set(map(type, names)) - {str} or table_id(names) != table:
        return None
    return tuple(names)
