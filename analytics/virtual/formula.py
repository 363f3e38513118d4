"""What a formula says: text into a small tree, by a grammar of its own. Nothing of it is ever run as Python.

    number:  12.5 · -x · x + y · x - y · x * y · x / y · "urn:a:point" · abs(x) · sum(…) · mean(…) · min(…) · max(…) of numbers or of points
             itPower(things) · pue(things)
    points:  powerOf(things) · points(things, "brick:Class")
    things:  this · thing("urn:a:thing") · parts(things) · parts(things, "brick:Class") · all("brick:Class")

`this` is what has the point. A text in quotes is an IRI or a CURIE: a point where a number is wanted, a class or a thing where that is.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ontology.namespaces import expand

TEXT_MAX = 2_000
"""Characters of a formula."""
DEPTH_MAX = 20
"""Levels of brackets and functions."""
NUMBER_MAX = 1e30
_ACTS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
AGGREGATES = ("sum", "mean", "min", "max")
IT_CLASS = "brick:ICT_Rack"
SOURCES = ("dcx:Utility_Feed", "dcx:Generator")


class FormulaError(ValueError):
    """A formula that says nothing: what is wrong with it, and what to write."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number that the formula states."""

    value: float


@dataclass(frozen=True, slots=True)
class Named:
    """The value of one point, by IRI, in its own unit."""

    point: str


@dataclass(frozen=True, slots=True)
class Both:
    """Two numbers and what is done with them: one of + - * /."""

    act: str
    left: Numeric
    right: Numeric


@dataclass(frozen=True, slots=True)
class Alone:
    """One number and what is done with it: `-` or `abs`."""

    act: str
    of: Numeric


@dataclass(frozen=True, slots=True)
class Over:
    """The sum, mean, least or greatest of some numbers, or of the points of some things."""

    act: str
    numbers: tuple[Numeric, ...] = ()
    points: tuple[Points, ...] = ()


@dataclass(frozen=True, slots=True)
class Points:
    """Points of things: those of a class (IRI), or, without one, their meters of active power in kW, and of what is in them where they have
    none."""

    things: Things
    cls: str = ""


@dataclass(frozen=True, slots=True)
class Things:
    """Some things: what has the point (`this`), one that is named, or all of a class; then, for each of `inside`, what is in them, of that
    class (IRI; "" for all of it)."""

    named: str = ""
    all_of: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()


Numeric = Number | Named | Both | Alone | Over


def parse(text: str) -> Numeric:
    """The tree of a formula. Raises `FormulaError`. Cost: linear; a text of more than `TEXT_MAX` is not read."""
    if len(text) > TEXT_MAX:
        raise FormulaError(f"a formula has at most {TEXT_MAX:,} characters, this one has {len(text):,}: give its parts points of their own")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(f"{_shown(text)} cannot be read: write numbers, points in quotes, + - * / and functions") from None
    return _numeric(tree.body, 0)


def _numeric(node: ast.expr, depth: int) -> Numeric:
    if depth > DEPTH_MAX:
        raise FormulaError(f"a formula has at most {DEPTH_MAX} levels of brackets: give its parts points of their own")
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as stated) if abs(stated) <= NUMBER_MAX:
            return Number(float(stated))
        case ast.Constant(value=str() as iri):
            return Named(expand(iri))
        case ast.UnaryOp(op=ast.USub(), operand=of):
            return Alone("-", _numeric(of, depth + 1))
        case ast.UnaryOp(op=ast.UAdd(), operand=of):
            return _numeric(of, depth + 1)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ACTS:
            return Both(_ACTS[type(op)], _numeric(left, depth + 1), _numeric(right, depth + 1))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return _called(name, args, depth)
    raise FormulaError(f"{_shown(ast.unparse(node))} is no number: write one, a point in quotes, or a function such as sum(powerOf(this))")


def _called(name: str, args: list[ast.expr], depth: int) -> Numeric:
    match name, args:
        case "abs", [of]:
            return Alone("abs", _numeric(of, depth + 1))
        case "itPower", [of]:
            return _it_power(_things(of, depth + 1))
        case "pue", [of]:
            sources = Points(Things(all_of=tuple(map(expand, SOURCES))))
            return Both("/", Over("sum", points=(sources,)), _it_power(_things(of, depth + 1)))
        case (("sum" | "mean" | "min" | "max"), [_, *_]):
            sets = tuple(_points(arg, depth + 1) for arg in args if _is_points(arg))
            return Over(name, tuple(_numeric(arg, depth + 1) for arg in args if not _is_points(arg)), sets)
    known = "abs(x), sum(…), mean(…), min(…), max(…), itPower(things), pue(things)"
    raise FormulaError(f"{name}(…) of {len(args)} is no function that gives a number: use {known}")


def _it_power(things: Things) -> Over:
    return Over("sum", points=(Points(Things(things.named, things.all_of, (*things.inside, expand(IT_CLASS)))),))


def _is_points(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("powerOf", "points")


def _points(node: ast.expr, depth: int) -> Points:
    match node:
        case ast.Call(func=ast.Name(id="powerOf"), args=[of], keywords=[]):
            return Points(_things(of, depth + 1))
        case ast.Call(func=ast.Name(id="points"), args=[of, ast.Constant(value=str() as cls)], keywords=[]):
            return Points(_things(of, depth + 1), expand(cls))
    raise FormulaError(f'{_shown(ast.unparse(node))} gives no points: write powerOf(things) or points(things, "brick:Class")')


def _things(node: ast.expr, depth: int) -> Things:
    if depth > DEPTH_MAX:
        raise FormulaError(f"a formula has at most {DEPTH_MAX} levels of brackets: give its parts points of their own")
    match node:
        case ast.Name(id="this"):
            return Things()
        case ast.Call(func=ast.Name(id="thing"), args=[ast.Constant(value=str() as iri)], keywords=[]):
            return Things(expand(iri))
        case ast.Call(func=ast.Name(id="all"), args=[ast.Constant(value=str() as cls)], keywords=[]):
            return Things(all_of=(expand(cls),))
        case ast.Call(func=ast.Name(id="parts"), args=[of], keywords=[]):
            inner = _things(of, depth + 1)
            return Things(inner.named, inner.all_of, (*inner.inside, ""))
        case ast.Call(func=ast.Name(id="parts"), args=[of, ast.Constant(value=str() as cls)], keywords=[]):
            inner = _things(of, depth + 1)
            return Things(inner.named, inner.all_of, (*inner.inside, expand(cls)))
    raise FormulaError(
        f'{_shown(ast.unparse(node))} names no things: write this, thing("urn:x"), all("brick:Class") or parts(things, "brick:Class")'
    )


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")
