"""A service is ready when its failure engine is: nobody's first question waits for a compiler."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import monotonic, sleep

from twin.warming import Warming

REASON = "failure engine: being loaded, at its first start compiled for this machine"


class Standing:
    """A service with one reason of its own."""

    def reasons(self) -> list[str]:
        """Why it is not ready."""
        return ["store: it does not answer"]

    def away(self) -> list[str]:
        """A wire that does not answer."""
        return ["mqtt: the broker does not answer"]


def until(holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold within ten seconds."""
    end = monotonic() + 10
    while not holds() and monotonic() < end:
        sleep(0.01)
    return holds()


def test_a_service_is_not_ready_and_says_why_until_its_engine_is_compiled() -> None:
    """Beside the service's own reasons; a start that takes long says what it does and how long it took."""
    compiled, said = Event(), list[str]()
    warming = Warming(Standing(), lambda: assert_in_time(compiled), said.append, said_after_s=0.0)

    warming.start()
    meanwhile = warming.reasons()
    assert until(lambda: len(said) == 1)
    compiled.set()

    assert meanwhile[0] == "store: it does not answer"
    assert meanwhile[1].startswith(REASON)
    assert until(lambda: warming.reasons() == ["store: it does not answer"])
    assert warming.away() == ["mqtt: the broker does not answer"]
    assert until(lambda: len(said) == 2)
    assert said[0].startswith("loading the failure engine; at its first start it is compiled")
    assert said[1].startswith("the failure engine is ready: it took ")


def assert_in_time(event: Event) -> None:
    """Wait for it, not for ever."""
    assert event.wait(10)


def test_a_start_that_finds_the_machine_code_says_nothing() -> None:
    """Half a second is not spoken of."""
    said = list[str]()
    warming = Warming(Standing(), lambda: None, said.append)

    warming.start()

    assert until(lambda: len(warming.reasons()) == 1)
    assert said == []


def test_an_engine_that_cannot_be_compiled_beforehand_does_not_keep_the_service_from_being_ready() -> None:
    """Its kernels are compiled at the first question, as the log says."""

    def fails() -> None:
        raise OSError("no space left on device")

    warming = Warming(Standing(), fails, lambda _: None)

    warming.start()

    assert until(lambda: len(warming.reasons()) == 1)
