"""The history of a running service: what the wires bring is kept through a restart, and by the rule of its class."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.errors import GraphError
from graph.values import Quality, ReadingBatch
from ontology.namespaces import BRICK, RDF
from ontology.terms import QuadBlock
from twin.compose import open_twin
from twin.compose_service import Service
from twin.compose_store import now
from twin.settings import Settings
from twin.sync import Wish

RACK, INLET, LOAD = (f"urn:example:{name}" for name in ("Rack", "Inlet", "Load"))
PLANT = [
    (RACK, BRICK + "hasPoint", INLET, "urn:x"),
    (RACK, BRICK + "hasPoint", LOAD, "urn:x"),
    (INLET, RDF + "type", BRICK + "Air_Temperature_Sensor", "urn:x"),
    (LOAD, RDF + "type", BRICK + "Active_Power_Sensor", "urn:x"),
]


def test_readings_are_kept_through_a_restart_and_by_the_rule_of_their_class(tmp_path: Path) -> None:
    """The rule is for `brick:Temperature_Sensor`, the inlet is one of a class below it: it has files of its own, once the log is sorted."""
    settings = Settings.model_validate({"data": tmp_path, "history_keep": {"brick:Temperature_Sensor": "1/2/3"}})
    at = int(now().timestamp() * 1000)
    found = []
    for run in range(2):
        opened = open_twin(settings, "serve", read_only=False)
        service = Service(opened)
        service.start()
        opened.ledger.sync(Wish("x", QuadBlock.of(PLANT)), author="ada", reason="test")
        rows = [(point, 20.0 + run, at + run, at + run, Quality.GOOD) for point in (INLET, LOAD)]
        service._ingest.accept(ReadingBatch.of(rows))
        assert service.history is not None
        found.append([service.history.series(point, at, at + 10, 10).values.tolist() for point in (INLET, LOAD)])
        service.stop()
        opened.close()

    assert found == [[[20.0], [20.0]], [[20.0, 21.0], [20.0, 21.0]]]
    assert sorted(path.name for path in (tmp_path / "history" / "raw").iterdir()) == ["brick-Temperature_Sensor", "default"]


def test_what_was_kept_just_before_a_kill_is_current_after_it(tmp_path: Path) -> None:
    """The store is told of values every two seconds, history at once: what the store has not heard of comes from history, stale at best."""
    settings, at = Settings.model_validate({"data": tmp_path}), int(now().timestamp() * 1000)
    opened = open_twin(settings, "serve", read_only=False)
    opened.ledger.sync(Wish("x", QuadBlock.of(PLANT)), author="ada", reason="test")
    opened.close()
    opened = open_twin(settings, "serve", read_only=False)
    service = Service(opened)  # not started: the store hears of nothing more
    opened.store.write_values(ReadingBatch.of([(INLET, 20.0, at - 900, at - 900, Quality.GOOD)]))
    service.ingest.accept(ReadingBatch.of([(INLET, 21.0, at, at, Quality.GOOD), (LOAD, 5.0, at - 7000, at, Quality.GOOD)]))
    service.stop()
    opened.close()

    opened = open_twin(settings, "serve", read_only=False)
    before = opened.twin.current.many([INLET, LOAD])
    service = Service(opened)
    found = opened.twin.current.many([INLET, LOAD])
    service.stop()
    opened.close()

    assert before.values[0] == 20.0, "the fault must bite"
    assert (found.values.tolist(), found.observed_at.tolist()) == ([21.0, 5.0], [at, at - 7000])
    assert set(found.quality.tolist()) == {Quality.STALE}


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("history", "mysql://x", r"setting 'history': 'mysql://x' is not known"),
        ("history_days", "30", r"'30' is not of the form SAMPLES/MINUTES/HOURS in days"),
        ("history_keep", {"urn:*": "9/2/3"}, r"each no less than the one before, not 9/2/3"),
    ],
)
def test_a_setting_that_names_no_history_is_told(tmp_path: Path, setting: str, value: object, told: str) -> None:
    """Before anything is started."""
    opened = open_twin(Settings.model_validate({"data": tmp_path, setting: value}), "serve", read_only=False)

    with pytest.raises(GraphError, match=told):
        Service(opened)
    opened.close()


def test_history_can_be_off(tmp_path: Path) -> None:
    """Then nothing is kept, and values go on."""
    opened = open_twin(Settings.model_validate({"data": tmp_path, "history": "off"}), "serve", read_only=False)
    service = Service(opened)
    service.start()
    service._ingest.accept(ReadingBatch.of([]))
    service.stop()
    opened.close()

    assert service.history is None
    assert not (tmp_path / "history").exists()
