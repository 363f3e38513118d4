"""The kernels run wherever the program runs, also where nothing can be cached; none is left to compile at the first question."""

from __future__ import annotations

import dis
import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from types import CodeType, FunctionType, ModuleType

from numba.core.dispatcher import Dispatcher

import analytics
import graph
from analytics.warm import warm
from graph.compiled import compiled


def test_a_kernel_whose_machine_code_cannot_be_kept_is_compiled_all_the_same() -> None:
    """Source that lies in no file has no cache folder, as on a read-only disk: 20 + 1 = 21 still."""
    scope: dict[str, object] = {}
    exec("def one_more(n):\n    return n + 1\n", scope)  # noqa: S102  the only portable way to a function without a file
    one_more = scope["one_more"]
    assert callable(one_more)

    kernel = compiled(one_more)

    assert kernel(20) == 21


def test_warming_up_leaves_no_kernel_to_compile_in_somebody_s_first_question() -> None:
    """Every kernel that Python calls has its machine code; it can be called again at any time."""
    warm()
    warm()

    assert {f"{kernel.py_func.__module__}.{kernel.py_func.__name__}" for kernel in _called() if not kernel.signatures} == set()


def _called() -> list[Dispatcher]:
    """The kernels that uncompiled functions of the rooms call, by the names in their code."""
    rooms = (analytics, graph)
    found = [each.name for room in rooms for each in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")]
    names = [name for name in found if name != "analytics.warm"]
    for name in names:
        import_module(name)
    modules = [sys.modules[name] for name in names]
    return [kernel for module in modules for code in _codes(module) for kernel in _kernels(module, code)]


def _codes(module: ModuleType) -> Iterator[CodeType]:
    things = list(vars(module).values())
    for thing in things:
        if isinstance(thing, type) and thing.__module__ == module.__name__:
            things.extend(vars(thing).values())
        function = getattr(thing, "fget", None) or getattr(thing, "func", None) or getattr(thing, "__func__", None) or thing
        if isinstance(function, FunctionType) and function.__module__ == module.__name__:
            yield from _parts(function.__code__)


def _parts(code: CodeType) -> Iterator[CodeType]:
    yield code
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _parts(part)


def _kernels(module: ModuleType, code: CodeType) -> Iterator[Dispatcher]:
    """The kernels that the code names: globals of its module, or what it takes from a module that is one."""
    for told, then in pairwise(dis.get_instructions(code)):
        known = vars(module).get(told.argval) if told.opname == "LOAD_GLOBAL" else None
        kernel = vars(known).get(then.argval) if isinstance(known, ModuleType) and isinstance(then.argval, str) else known
        if isinstance(kernel, Dispatcher):
            yield kernel
