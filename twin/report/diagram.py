"""The one-line diagram as SVG: 10 units are a millimetre on paper.

Rules of this file:

1. A live wire is a heavy line, one without supply a thin dashed one; a state has a shape and a word beside its colour.
2. Wires are drawn first, symbols over them, names last with a halo: nothing hides a name.
3. No style attribute and no script: the page's policy allows neither.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from analytics.oneline.oneline import FAILED, Drawn, OneLine, Wire
from analytics.oneline.symbols import Symbol
from twin.report.symbols import BAR, drawing, half, mark
from twin.report.words import SHORT_WORDS, STATE_WORDS, cut, number, text, things

PITCH_MAX = 300.0
ROW_MAX = 130.0
EDGE = 45.0
LETTER = 0.54
"""Width of a letter of a sans serif face, on the average, of its size."""
SIZE, SMALL = 21.0, 19.0
WIDE = 190.0
"""A column as wide as this has room for larger names."""
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Scale:
    left: float
    pitch: float
    row: float
    k: float
    """How large a symbol is drawn, 1: 4.8 mm."""
    width: float

    def at(self, x: float, row: float) -> Point:
        """Where a place of the drawing is on paper."""
        return EDGE + (x - self.left + 0.35) * self.pitch, EDGE * 0.8 + row * self.row


def diagram(shown: OneLine, width_mm: float, height_mm: float) -> str:
    """The drawing within a width and height; narrower where it needs less."""
    scale = _scale(shown, width_mm * 10, height_mm * 10)
    ports = _ports(shown, scale)
    tracks = _tracks(shown, scale, ports)
    height = scale.at(0, max(shown.rows - 1, 0))[1] + EDGE * 1.1
    wires = "".join(_wire(shown, wire, scale, ports, tracks) for wire in sorted(shown.wires, key=lambda wire: wire.is_live))
    symbols = "".join(_symbol(symbol, scale) for symbol in shown.symbols)
    names = "".join(_names(shown, index, scale) for index in range(len(shown.symbols)))
    about = f"One-line diagram: {shown.things} things as {len(shown.symbols)} symbols, sources on top"
    return (
        f'<svg class="oneline" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{text(about)}" '
        f'viewBox="0 0 {scale.width:g} {height:.0f}" width="{width_mm:g}mm" height="{height / 10:.1f}mm">'
        f"<g class='wires'>{wires}</g>{symbols}<g class='names'>{names}</g></svg>"
    )


def _scale(shown: OneLine, width: float, height: float) -> _Scale:
    xs = [symbol.x for symbol in shown.symbols] or [0.0]
    span = max(xs) - min(xs) + 1.0
    pitch = min(PITCH_MAX, (width - 2 * EDGE) / span)
    row = min(ROW_MAX, (height - 2 * EDGE) / max(shown.rows - 1, 1))
    left = min(xs) - max(0.0, ((width - 2 * EDGE) / pitch - span) / 2)
    return _Scale(left, pitch, row, min(1.0, row / 88.0, pitch / 100.0), width)


def _ports(shown: OneLine, scale: _Scale) -> dict[tuple[int, int], Point]:
    """How far beside the middle each wire leaves its source and enters its target."""
    leaving, entering = defaultdict(list), defaultdict(list)
    for index, wire in enumerate(shown.wires):
        if not wire.is_tie:
            first = wire.via[0][1] if wire.via else shown.symbols[wire.target].x
            last = wire.via[-1][1] if wire.via else shown.symbols[wire.source].x
            leaving[wire.source].append((first, index))
            entering[wire.target].append((last, index))
    out: dict[int, float] = {}
    into: dict[int, float] = {}
    for side, found in ((leaving, out), (entering, into)):
        for number_of, wires in side.items():
            symbol = shown.symbols[number_of].symbol
            room = _room(symbol, entering=side is entering) * scale.k
            for at, (_, index) in enumerate(sorted(wires)):
                found[index] = (
                    0.0 if len(wires) == 1 and symbol is not Symbol.TRANSFER else (at - (len(wires) - 1) / 2) * _step(room, len(wires))
                )
    return {(wire.source, wire.target): (out.get(index, 0.0), into.get(index, 0.0)) for index, wire in enumerate(shown.wires)}


def _room(symbol: Symbol, *, entering: bool) -> float:
    """Half of the width that wires may share."""
    if symbol is Symbol.BUS:
        return BAR - 6.0
    if symbol is Symbol.TRANSFER and entering:
        return 12.0
    return (
        10.0 if symbol in (Symbol.RACK, Symbol.IT, Symbol.PDU, Symbol.UPS, Symbol.STRIP, Symbol.LOAD, Symbol.COOLER) and entering else 0.0
    )


def _step(room: float, count: int) -> float:
    return 2 * room / (count - 1) if count > 1 else 0.0


def _tracks(shown: OneLine, scale: _Scale, ports: dict[tuple[int, int], Point]) -> dict[tuple[int, int], float]:
    """The height at which each wire goes sideways, by its number and row: one for each place that wires leave, so that they stay apart."""
    gaps: dict[int, dict[tuple[float, bool], list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for index, wire in enumerate(shown.wires):
        if wire.is_tie:
            continue
        out, into = ports[wire.source, wire.target]
        stops = _stops(shown, wire)
        for step, ((row, x), (_, below)) in enumerate(pairwise(stops)):
            start = scale.at(x, 0)[0] + (out if step == 0 else 0.0)
            end = scale.at(below, 0)[0] + (into if step == len(stops) - 2 else 0.0)
            if abs(start - end) > 0.5:
                key = (round(x, 2), wire.is_live)
                gaps[row][key].append((index, row))
    found: dict[tuple[int, int], float] = {}
    for starts in gaps.values():
        for at, key in enumerate(sorted(starts)):
            for place in starts[key]:
                found[place] = (at + 1) / (len(starts) + 1)
    return found


def _stops(shown: OneLine, wire: Wire) -> list[tuple[int, float]]:
    source, target = shown.symbols[wire.source], shown.symbols[wire.target]
    return [(source.row, source.x), *wire.via, (target.row, target.x)]


def _wire(shown: OneLine, wire: Wire, scale: _Scale, ports: dict[tuple[int, int], Point], tracks: dict[tuple[int, int], float]) -> str:
    points = _tie(shown, wire, scale) if wire.is_tie else _route(shown, wire, scale, ports[wire.source, wire.target], tracks)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="{"live" if wire.is_live else "dead"}" points="{line}"/>'


def _tie(shown: OneLine, wire: Wire, scale: _Scale) -> list[Point]:
    """Level, from side to side; over what stands between."""
    left, right = sorted((shown.symbols[wire.source], shown.symbols[wire.target]), key=lambda symbol: symbol.x)
    (x1, y1), (x2, y2) = scale.at(left.x, left.row), scale.at(right.x, right.row)
    start, end = x1 + _beside(left) * scale.k, x2 - _beside(right) * scale.k
    if y1 != y2:
        return [(start, y1), ((start + end) / 2, y1), ((start + end) / 2, y2), (end, y2)]
    over = [each for each in shown.wires if each.is_tie and _between(shown, each)]
    if wire not in over:
        return [(start, y1), (end, y1)]
    height = y1 - (27 + 9 * over.index(wire) % 27) * scale.k
    start, end = start - 8 * scale.k, end + 8 * scale.k
    return [(start, y1), (start, height), (end, height), (end, y1)]


def _between(shown: OneLine, wire: Wire) -> bool:
    """Whether a symbol stands between the ends of a level wire."""
    one, other = shown.symbols[wire.source], shown.symbols[wire.target]
    low, high = sorted((one.x, other.x))
    return one.row == other.row and any(each.row == one.row and low < each.x < high for each in shown.symbols)


def _beside(symbol: Drawn) -> float:
    return BAR if symbol.symbol is Symbol.BUS else 24.0


def _route(shown: OneLine, wire: Wire, scale: _Scale, port: Point, tracks: dict[tuple[int, int], float]) -> list[Point]:
    """Down, sideways on its track, down again; through the rows that it passes straight."""
    index = shown.wires.index(wire)
    source, target = shown.symbols[wire.source], shown.symbols[wire.target]
    stops = _stops(shown, wire)
    points: list[Point] = []
    for step, ((row, x), (next_row, below)) in enumerate(pairwise(stops)):
        x1, y1 = scale.at(x, row)
        x2, y2 = scale.at(below, next_row)
        first, last = step == 0, step == len(stops) - 2
        x1, y1 = (x1 + port[0], y1 + half(source.symbol) * scale.k) if first else (x1, y1)
        x2, y2 = (x2 + port[1], y2 - half(target.symbol) * scale.k) if last else (x2, y2)
        lower, upper = scale.at(0, row)[1] + 24 * scale.k, scale.at(0, next_row)[1] - 24 * scale.k
        across = lower + (upper - lower) * tracks.get((index, row), 0.5)
        points += [(x1, y1), (x1, across), (x2, across), (x2, y2)] if abs(x1 - x2) > 0.5 else [(x1, y1), (x2, y2)]
    return points


def _symbol(symbol: Drawn, scale: _Scale) -> str:
    x, y = scale.at(symbol.x, symbol.row)
    lines = drawing(symbol.symbol, is_open=symbol.is_open, stored=symbol.stored)
    state = symbol.state.lower()
    field = f'<rect class="field" x="-30" y="{-half(symbol.symbol) - 6}" width="60" height="{2 * half(symbol.symbol) + 12}"/>'
    cross = '<path class="fails" d="M -24 -24 L 24 24 M -24 24 L 24 -24"/>' if symbol.state == FAILED else ""
    behind = '<g transform="translate(5 -5)">' + drawing(symbol.symbol, is_open=symbol.is_open, stored=False) + "</g>"
    many = behind if symbol.count > 1 and symbol.symbol not in (Symbol.BREAKER, Symbol.DISCONNECT, Symbol.TRANSFER, Symbol.BUS) else ""
    named = text(", ".join(symbol.ids) + (" ..." if symbol.count > len(symbol.ids) else ""))
    return (
        f'<g class="symbol {state}" transform="translate({x:.1f} {y:.1f}) scale({scale.k:.3f})"><title>{named}</title>'
        f"{field if symbol.state == FAILED else ''}{many}{lines}{cross}</g>"
    )


def _names(shown: OneLine, index: int, scale: _Scale) -> str:
    """Name, and state or load, to the right of a symbol as far as there is room; under the wire of a tie."""
    symbol = shown.symbols[index]
    x, y = scale.at(symbol.x, symbol.row)
    reach = {
        Symbol.BUS: BAR,
        Symbol.RACK: 15.0,
        Symbol.BREAKER: 8.0,
        Symbol.DISCONNECT: 9.0,
        Symbol.TRANSFORMER: 13.0,
        Symbol.TRANSFER: 15.0,
    }
    start = (
        x
        + (
            (52.0 if symbol.stored else reach.get(symbol.symbol, 22.0))
            + (5.0 if symbol.count > 1 else 0.0)
            + (8.0 if symbol.state == FAILED else 0.0)
        )
        * scale.k
        + 7
    )
    room = min([other - start - 34 * scale.k for other in _right_of(shown, symbol, scale)], default=scale.width - start - 4)
    tied = any(wire.is_tie and index in (wire.source, wire.target) for wire in shown.wires)
    name = symbol.label if symbol.count == 1 else things(symbol.count, symbol.cls, symbol.symbol)
    size = SIZE if scale.pitch >= WIDE else SIZE - 2
    below = _below(symbol)
    lines = _wrapped(name, max(int(room / (size * LETTER)), 5), 2 if below else 3)
    top = y + (8.0 + size if tied else size * 0.36 - (len(lines) + len(below) - 1) * size / 2)
    said = [
        f'<text class="name" x="{start:.1f}" y="{top + at * size:.1f}" font-size="{size:g}">{text(line)}</text>'
        for at, line in enumerate(lines)
    ]
    state, shape = symbol.state.lower(), mark(symbol.state)
    for at, full in enumerate(below, len(lines)):
        baseline, marked = top + at * size, shape if at == len(lines) else ""
        inset = 20.0 if marked else 0.0
        if marked:
            said.append(f'<g class="mark {state}" transform="translate({start + 8:.1f} {baseline - 6:.1f})">{marked}</g>')
        is_short = bool(marked) and inset + len(full) * SMALL * LETTER > room + 20
        line = SHORT_WORDS.get(symbol.state, full) if is_short else full
        said.append(f'<text class="{state}" x="{start + inset:.1f}" y="{baseline:.1f}" font-size="{SMALL - 1:g}">{text(line)}</text>')
    return "".join(said)


def _right_of(shown: OneLine, symbol: Drawn, scale: _Scale) -> list[float]:
    """Where in the row of a symbol the next symbols and passing wires are."""
    places = [other.x for other in shown.symbols if other.row == symbol.row and other.x > symbol.x]
    passing = [x + 0.2 for wire in shown.wires for row, x in wire.via if row == symbol.row and x > symbol.x]
    return [scale.at(x, 0)[0] for x in (*places, *passing)]


def _wrapped(name: str, letters: int, most: int) -> list[str]:
    """A name in at most so many lines."""
    lines = [""]
    for word in name.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > letters and len(lines) < most:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return [cut(line, letters) for line in lines]


def _below(symbol: Drawn) -> list[str]:
    """What is said under a name: the state first, where there is one to tell."""
    told = [STATE_WORDS[symbol.state]] if mark(symbol.state) else []
    told += ["open"] if symbol.is_open else []
    told += [f"{symbol.needed[0]} of {symbol.needed[1]} needed"] if symbol.needed and symbol.state != FAILED else []
    return told + ([f"{number(symbol.it_load_kw)} kW"] if symbol.it_load_kw else [])
