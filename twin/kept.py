"""A few answers that are kept: each is worked out once, and nobody waits for another one's."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Once(Generic[V]):
    """One answer: worked out by the first who asks, while only those wait who ask for the same. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.there: V | None = None
        """The answer, where there is one; one that another state has worked out may be put here."""

    def get(self, work: Callable[[], V], serves: Callable[[V], bool] = lambda _: True) -> V:
        """The answer that is there, if it serves, else what `work` finds. An error of `work` is not kept."""
        found = self.there
        if found is None or not serves(found):
            with self._lock:
                found = self.there
                if found is None or not serves(found):
                    found = self.there = work()
        return found


class Kept(Generic[K, V]):
    """Answers by key; the one asked for longest ago is let go. Safe from any thread; nothing is worked out under the lock."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._answers: OrderedDict[K, Future[V]] = OrderedDict()

    def get(self, key: K, work: Callable[[], V]) -> V:
        """The answer that is kept, or being worked out by another thread, else what `work` finds. An error of `work` is not kept."""
        with self._lock:
            answer = self._answers.get(key)
            first = answer is None
            if answer is None:
                answer = self._answers[key] = Future()
                if len(self._answers) > self._most:
                    self._answers.popitem(last=False)
            self._answers.move_to_end(key)
        if first:
            try:
                answer.set_result(work())
            except BaseException as error:
                with self._lock:
                    if self._answers.get(key) is answer:
                        del self._answers[key]
                answer.set_exception(error)
        return answer.result()

    def there(self) -> list[V]:
        """The answers that are there already."""
        with self._lock:
            answers = list(self._answers.values())
        return [answer.result() for answer in answers if answer.done() and answer.exception() is None]

    def find(self, key: K) -> V | None:
        """The answer, where it is there already."""
        with self._lock:
            answer = self._answers.get(key)
        return answer.result() if answer is not None and answer.done() and answer.exception() is None else None
