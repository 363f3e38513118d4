"""From the setting that names a store to the store itself."""

from __future__ import annotations

from pathlib import Path

from graph.errors import GraphError
from graph.ports import TwinStore
from graph.stores.sqlite import SqliteStore

NEO4J_SCHEMES = ("bolt", "neo4j", "bolt+s", "neo4j+s", "bolt+ssc", "neo4j+ssc")


def open_store(
    setting: str, data: Path, *, user: str = "", password: str = "", read_only: bool = False, purpose: str = "ridethrough"
) -> TwinStore:
    """Open the store that `setting` names: nothing for `twin.sqlite` in the data folder, a path for another folder, or Neo4j's address.

    With `read_only` nothing is written there, not even what writing needs. `user` and `password` are Neo4j's; `purpose` is told to a
    second process that wants the same folder. Raises `GraphError` for a setting that is none of these, `StoreUnavailable` when the
    store cannot be opened.
    """
    scheme, separator, _ = setting.partition("://")
    if not separator:
        return SqliteStore(Path(setting) if setting else data, read_only=read_only, purpose=purpose)
    if scheme in NEO4J_SCHEMES:
        from graph.stores.neo4j import Neo4jStore  # noqa: PLC0415 - the driver takes 0.3 s to import; only its users wait for it

        return Neo4jStore(setting, user=user, password=password, read_only=read_only)
    raise GraphError(
        f"store {setting!r} is not known: leave it empty for a file in the data folder, give a folder, or give bolt://HOST:7687 or neo4j://HOST:7687"
    )
