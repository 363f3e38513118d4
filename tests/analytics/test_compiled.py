"""The kernels run wherever the program runs, also where nothing can be cached."""

from __future__ import annotations

from analytics.compiled import compiled
from analytics.warm import warm


def test_a_kernel_whose_machine_code_cannot_be_kept_is_compiled_all_the_same() -> None:
    """Source that lies in no file has no cache folder, as on a read-only disk: 20 + 1 = 21 still."""
    scope: dict[str, object] = {}
    exec("def one_more(n):\n    return n + 1\n", scope)  # noqa: S102  the only portable way to a function without a file
    one_more = scope["one_more"]
    assert callable(one_more)

    kernel = compiled(one_more)

    assert kernel(20) == 21


def test_warming_up_asks_and_changes_nothing() -> None:
    """It can be called again at any time."""
    warm()
    warm()
