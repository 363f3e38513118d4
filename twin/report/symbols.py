"""The symbols of the one-line diagram as SVG, each in a field of 48 by 48 around its middle.

After IEC 60617 (contacts with a cross for a breaker, a bar for a disconnector; two circles for a transformer) and IEEE 315; words
stand in the symbols that both draw as boxes.
"""

from __future__ import annotations

from analytics.oneline.symbols import Symbol

HALF = {
    Symbol.UTILITY: 18,
    Symbol.GENERATOR: 20,
    Symbol.UPS: 17,
    Symbol.BUS: 3,
    Symbol.PDU: 17,
    Symbol.STRIP: 9,
    Symbol.CHILLER: 20,
    Symbol.PUMP: 20,
    Symbol.COOLER: 18,
    Symbol.RACK: 22,
    Symbol.IT: 12,
    Symbol.SERVICE: 16,
    Symbol.EQUIPMENT: 16,
    Symbol.LOAD: 20,
}
"""How far a symbol reaches up and down from its middle, where that is less than 24: there its wires end."""
BAR = 34
"""Half of the length of a bus bar."""


def half(symbol: Symbol) -> int:
    """Where the wires of a symbol end, above and below its middle."""
    return HALF.get(symbol, 24)


def drawing(symbol: Symbol, *, is_open: bool | None, stored: bool) -> str:
    """The lines of a symbol; a switch as it stands, what has stored energy with its battery beside it."""
    return _shape(symbol, is_open=bool(is_open)) + (_battery() if stored else "")


def _shape(symbol: Symbol, *, is_open: bool) -> str:
    if symbol in (Symbol.BREAKER, Symbol.DISCONNECT):
        return _contact(cross=symbol is Symbol.BREAKER, is_open=is_open)
    return _SHAPES.get(symbol) or _box(20, 16, "")


def _line(*points: tuple[float, float]) -> str:
    return f'<polyline points="{" ".join(f"{x:g},{y:g}" for x, y in points)}"/>'


def _circle(radius: float, y: float = 0) -> str:
    return f'<circle cx="0" cy="{y:g}" r="{radius:g}"/>'


def _box(wide: float, high: float, word: str, size: int = 15) -> str:
    return f'<rect x="{-wide:g}" y="{-high:g}" width="{2 * wide:g}" height="{2 * high:g}"/>' + (_word(word, size) if word else "")


def _word(word: str, size: int, y: float = 0) -> str:
    return f'<text class="in" x="0" y="{y + size * 0.36:g}" font-size="{size}" text-anchor="middle">{word}</text>'


def _contact(*, cross: bool, is_open: bool) -> str:
    mark = _line((-6, -16), (6, -4)) + _line((-6, -4), (6, -16)) if cross else _line((-8, -10), (8, -10))
    blade = _line((0, 14), (-15, -9)) if is_open else _line((0, 14), (0, -10))
    return _line((0, -24), (0, -10)) + mark + blade + _line((0, 14), (0, 24))


def _battery() -> str:
    plates = "".join(_line((x, -at), (x, at)) for x, at in ((34, 9), (39, 4), (44, 9), (49, 4)))
    return _line((22, 0), (34, 0)) + plates


def _grid() -> str:
    lines = "".join(_line((-18, at), (at, -18)) + _line((-at, 18), (18, -at)) for at in (-6, 6, 18))
    return _box(18, 18, "") + lines


def _transfer() -> str:
    contacts = '<circle class="dot" cx="-12" cy="-10" r="3"/><circle class="dot" cx="12" cy="-10" r="3"/>'
    return (
        _line((-12, -24), (-12, -10))
        + _line((12, -24), (12, -10))
        + contacts
        + _line((0, 12), (-12, -10))
        + _line((0, 12), (0, 24))
        + '<path d="M -9 -3 Q 0 4 9 -3"/>'
    )


def _strip() -> str:
    return _box(22, 9, "") + "".join(f'<circle class="dot" cx="{x}" cy="0" r="2.4"/>' for x in (-15, -5, 5, 15))


def _rack() -> str:
    return _box(15, 22, "") + "".join(_line((-15, y), (15, y)) for y in (-14, -6, 2, 10, 18))


_SHAPES = {
    Symbol.UTILITY: _grid(),
    Symbol.GENERATOR: _circle(20) + _word("G", 22, -3) + '<path d="M -8 11 q 4 -6 8 0 t 8 0"/>',
    Symbol.TRANSFORMER: _line((0, -24), (0, -22)) + _circle(13, -9) + _circle(13, 9) + _line((0, 22), (0, 24)),
    Symbol.TRANSFER: _transfer(),
    Symbol.UPS: _box(22, 17, "UPS"),
    Symbol.BUS: f'<rect class="bar" x="{-BAR}" y="-3" width="{2 * BAR}" height="6"/>',
    Symbol.PDU: _box(22, 17, "PDU"),
    Symbol.STRIP: _strip(),
    Symbol.CHILLER: _circle(20) + _line((0, -12), (0, 12)) + _line((-10, -6), (10, 6)) + _line((-10, 6), (10, -6)),
    Symbol.PUMP: _circle(20) + _line((-17, -10), (0, 20), (17, -10)),
    Symbol.COOLER: _box(22, 18, "AIR"),
    Symbol.RACK: _rack(),
    Symbol.IT: _box(22, 12, "IT", 14),
    Symbol.SERVICE: '<rect x="-22" y="-16" width="44" height="32" rx="10"/>' + _word("S", 18),
    Symbol.EQUIPMENT: _box(20, 16, ""),
    Symbol.LOAD: _circle(20) + _word("M", 20),
}


def mark(state: str) -> str:
    """The shape of a state in a field of 16 by 16 around its middle, so that no colour is needed."""
    return _MARKS.get(state, "")


_MARKS = {
    "FAILED": '<path class="cross" d="M -7 -7 L 7 7 M -7 7 L 7 -7"/>',
    "LOST": '<rect x="-7" y="-7" width="14" height="14"/>',
    "OVERLOADED": '<path d="M 0 -8 L 8 7 L -8 7 Z"/>',
    "NO_REDUNDANCY": '<path d="M 0 -8 L 8 0 L 0 8 L -8 0 Z"/>',
    "REDUCED": '<circle cx="0" cy="0" r="7"/>',
}
