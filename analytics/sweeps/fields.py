"""A plant as it stands, laid out for sweeps: at each height of twins what one supplier less does to each requirement."""

from __future__ import annotations

from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np

from analytics.state import Plant
from analytics.sweeps import kernel
from analytics.sweeps.kernel import Field, Ripple
from analytics.sweeps.twins import Joined, Twins

_kept: WeakKeyDictionary[Plant, tuple[Field, ...]] = WeakKeyDictionary()
_lock = Lock()


def fields_of(state: Plant, twins: Twins) -> tuple[Field, ...]:
    """One for each of `twins.joined`, kept with the plant. Cost at the first call: one pass over the requirements."""
    with _lock:
        found = _kept.get(state)
        if found is None:
            found = _kept[state] = tuple(_field(state, joined) for joined in twins.joined)
    return found[: len(twins.joined)]


def _field(state: Plant, joined: Joined) -> Field:
    live, loop_of, returns = state.base.live[joined.slot], state.ring.loop_of[joined.slot], state.returns[joined.entry]
    alike = joined.alike
    if returns.any():  # what returns weakens nothing, and that goes by the supplier
        some = np.repeat(np.arange(len(alike)), np.diff(joined.feeds_at))[returns != 0]
        alike = alike.copy()
        alike[some] = -1
    alike = np.where(loop_of < 0, alike, -1).astype(np.int32)
    spare, fed, kind = kernel.stands(
        joined.feeds_at,
        state.wires.at_least[joined.gate],
        joined.gate_slot,
        joined.gate_pair,
        loop_of,
        live,
        state.base.counts[joined.gate],
        state.base.failing[joined.pair],
    )
    return Field(
        joined.feeds_at, joined.feeds, returns, joined.gate_pair, joined.pair_node, joined.slots_at, live, spare, fed, kind, loop_of, alike
    )


def wave_of(field: Field) -> Ripple:
    """Marks for a field that carry no serial number yet; of what no failure touches they take no memory."""
    slots, gates, pairs = len(field.live), len(field.spare), len(field.pair_node)
    return Ripple(
        np.zeros((gates, 2), np.int32),
        np.zeros(slots, np.int32),
        np.zeros(pairs, np.int32),
        np.zeros(slots, np.int32),
        np.empty(slots, np.int32),
        np.empty(pairs, np.int32),
    )
