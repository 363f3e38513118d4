"""The running service around a store that does not answer, and the data folder that it holds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pytest

from graph.changes import Revision
from graph.current import CurrentValues
from graph.errors import StoreUnavailable
from graph.stores.memory import MemoryStore
from graph.values import Quality, ReadingBatch
from ontology.namespaces import BRICK, RDFS
from ontology.terms import KeyQuad, QuadBlock
from ontology.vocabulary import load_vocabulary
from tests.support.wired import snapshot_of, wait_until
from twin.bus import Bus
from twin.compose import Opened, open_twin
from twin.compose_service import Service
from twin.compose_store import now
from twin.ledger.ledger import Ledger
from twin.settings import Settings
from twin.state import Twin
from twin.sync import Wish

P = "urn:ridethrough:demo:P"


class HungStore(MemoryStore):
    """Once `hangs`, takes the question for revisions and never answers it."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs = False
        self.asked, self.never = Event(), Event()

    def revisions(self, since: int = 0) -> Sequence[Revision]:
        """Waits."""
        if self.hangs:
            self.asked.set()
            self.never.wait()
        return super().revisions(since)


def test_a_store_that_hangs_hides_no_silence_and_holds_up_no_end(tmp_path: Path) -> None:
    """A point said every second falls silent while the store hangs: it is stale within seconds all the same; the end takes 2 s more."""
    snapshot, store, bus = snapshot_of("demo:E brick:hasPoint demo:P . demo:P dcx:samplePeriod 1 ."), HungStore(), Bus()
    current = CurrentValues({P: 1.0})
    twin = Twin(load_vocabulary(), snapshot, current, bus, now)
    opened = Opened(Settings.model_validate({"data": tmp_path}), store, twin, Ledger(store, twin, now), bus, ExitStack())
    service = Service(opened)
    store.hangs = True
    service.start()
    assert store.asked.wait(5)
    at = int(now().timestamp() * 1000)
    current.take(ReadingBatch.of([(P, 20.0, at, at, Quality.GOOD)]))

    silent = wait_until(lambda: (value := current.get(P)) is not None and value.quality >= Quality.STALE, 10)
    begun = time.monotonic()
    service.stop()
    took_s = time.monotonic() - begun
    store.never.set()

    assert silent
    assert took_s < 5


@pytest.mark.parametrize("store", ["", "{folder}/data", "{folder}/other"])
def test_one_data_folder_is_held_by_one_run_wherever_the_store_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str) -> None:
    """Named relative or absolute, with the store in it or elsewhere: the first run is not in its own way, the second is told of it."""
    monkeypatch.chdir(tmp_path)
    settings = Settings.model_validate({"data": "data", "store": store.format(folder=tmp_path)})
    second = Settings.model_validate({"data": tmp_path / "data", "store": str(tmp_path / "third")})
    opened = open_twin(settings, "demo", read_only=False)
    service = Service(opened)

    with pytest.raises(StoreUnavailable, match=r"data is in use by process \d+ \(demo\)"):
        open_twin(second, "demo", read_only=False)
    service.stop()
    opened.close()

    assert not (tmp_path / "third").exists()
    open_twin(second, "demo", read_only=False).close()


def test_a_new_point_is_known_as_soon_as_it_is_said_and_a_new_name_disturbs_nobody(tmp_path: Path) -> None:
    """A label: points and bindings stay the very objects that they were. A point: the table of values has it when the change is done."""
    opened = open_twin(Settings.model_validate({"data": tmp_path}), "serve", read_only=False)
    service = Service(opened)
    service.start()
    graph, equipment = "urn:x", "urn:ridethrough:demo:E"

    def say(*quads: KeyQuad) -> None:
        opened.ledger.sync(Wish("x", QuadBlock.of(quads)), author="ada", reason="test")

    point: KeyQuad = (equipment, BRICK + "hasPoint", P, graph)
    say(point)
    known, reads = P in opened.twin.current, service._reads
    say(point, (equipment, RDFS + "label", '"E"', graph))
    same = service._reads is reads
    say((equipment, RDFS + "label", '"E"', graph))
    gone = P not in opened.twin.current
    service.stop()
    opened.close()

    assert (known, same, gone) == (True, True, True)
