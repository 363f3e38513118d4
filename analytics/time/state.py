"""What the loops of the timeline work on: stores, delays, loads, the record of what happened, and the state between two events."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics.capacity.kernel import Flow, Net, Work
from analytics.kernel import Flags, Loops, Tally, Wires
from graph.values import Floats
from ontology.terms import Ids

Times = NDArray[np.float64]
NEVER = np.inf


class Held(NamedTuple):
    """What carries pairs on, one entry a store: `seconds` at a load of `at_kw`, by a power law between two exponents."""

    pair: Ids
    seconds: Floats
    at_kw: Floats
    gentle: Floats
    """The exponent that counts below `at_kw`."""
    steep: Floats
    """The exponent that counts above `at_kw`."""
    scale: Floats
    """What a rolled-up load is multiplied with: a reading over the model's load."""
    unknown_kw: Floats
    """The load where none is known, kW; 0: `at_kw`."""
    known: Flags
    """1: it has had a load, so that none means that nothing is left behind it."""
    by_heat: Flags
    """1: the load is heat, else electric power."""
    bank: Ids
    """Per store: which bank it is of, -1: it is one of its own. Stores of a bank that carry at once empty it together."""
    banks_at: Ids
    banks: Ids
    """The stores of each bank, ascending."""
    waits: Flags
    """1: it is there for a slot that comes up, too (water in a loop); 0: it only bridges."""


class Delays(NamedTuple):
    """What takes time, per slot, in seconds."""

    restart: Floats
    by_power: Flags
    """1: the restart time runs from when the slot has power again, else from when it has all of its supplies."""
    transfer: Floats
    """How long the slot is down when one of its suppliers goes and the others hold; 0: it is not."""
    takes: Ids
    """The one whose loss counts for that, where it is known and nothing has happened to the slot; -1: not known."""
    unsure: bool
    """Whether, where it is not known, the loss of any of them counts."""
    start: Floats
    """Of a standby source: from the call until it supplies."""
    fuel: Floats
    """Of a standby source: how long it runs then."""


class Called(NamedTuple):
    """Which standby sources are called by which loss."""

    by_pair: NDArray[np.int64]
    """Per pair: bit b set where the loss of it calls the sources of group b."""
    groups_at: Ids
    groups: Ids
    """The slots of each group's sources."""


class Loads(NamedTuple):
    """What is needed to share loads out: a live-graph order of slots, loads of their own, and how much of it each pair passes on."""

    order: Ids
    place: Ids
    own: Floats
    """Shape (2, slots): electric power and heat, kW."""
    share: NDArray[np.float32]
    """Shape (2, pairs)."""
    gone: Times
    """Per slot: until when it draws its own load even while it is down, as it may be up as well."""
    instants: Times
    """The instants of `gone`."""
    one: Flags
    """Per slot: 1 where it takes all of its power from one input, of those that are live the one of least `rank`."""
    rank: Ids
    """Per slot: its place among the inputs of such a thing; of equal ones nobody knows which it is, and they share."""
    warm: Flags
    """Per slot: whether heat goes through it, as nothing but what stores carry is lost to it for good."""


class Ratings(NamedTuple):
    """What may trip by overload, and by which load; empty columns where no rating is stated. Per slot, but for the curves."""

    net: Net
    rated_kw: Floats
    """What a curve's multiples are of; `inf` for none, and for a slot that does not carry its node's power."""
    limit_kw: Floats
    before: Floats
    """What must be exceeded, kW, as it is compared with a limit."""
    curve: Ids
    """Which of the curves, -1: none."""
    curves_at: Ids
    multiples: Floats
    seconds: Floats
    slot_node: Ids
    slots_at: Ids
    """Shape (nodes + 1): the slots of a node, which open together."""
    own_pair: Ids
    """The pair that is lost with a slot, that of its node's own power; -1: none."""


class OnTheWay(NamedTuple):
    """Loads in the course of time, and how far each slot is on its way to trip."""

    flow: Flow
    work: Work
    drawing: Flags
    """What loads flowed through the last time."""
    changed: Ids
    """Space for as many as there are slots."""
    kw: Floats
    """What each carried when it was last found to be on its way."""
    done: Floats
    """The part of its way by `since`."""
    since: Floats
    after: Floats
    """The seconds that all of the way takes at what it carries; `inf`: it is not on its way."""
    version: Ids
    """How often that has changed; an older event does not count."""
    instants: Ids
    """One number: how often loads were worked out."""


class Site(NamedTuple):
    """All that does not change within a run."""

    wires: Wires
    ring: Loops
    pairs_at: Ids
    """Shape (slots + 1): where a slot's pairs begin in `slot_pairs`."""
    slot_pairs: Ids
    pair_slot: Ids
    powers: Flags
    """Per pair: 1 where its medium is power."""
    stores: Held
    delays: Delays
    called: Called
    loads: Loads
    ratings: Ratings


class Record(NamedTuple):
    """What happened to each pair and slot: first times (`inf`: never) and the slot that was the reason (-1: its own store or delay)."""

    lost: Times
    lost_by: Ids
    again: Times
    """The last time that it was lost."""
    again_by: Ids
    back: Times
    """The last time that it came back."""
    back_by: Ids
    carried: Times
    carried_by: Ids
    relieved: Times
    """The last time that its supply came back while it was carried."""
    down: Times
    """Per slot: when it first went down."""
    up: Times
    """Per slot: when it last came up."""
    interrupted: Times
    """Per slot: when it first transferred."""
    called: Times
    """Per group of standby sources."""
    tripped: Times
    """Per slot: when it opened because it carried too much."""


class State(NamedTuple):
    """The simulation's own memory."""

    tally: Tally
    blocked: Flags
    bad: Ids
    """Per slot: its pairs that are neither supplied nor carried."""
    carried: Flags
    """Per pair."""
    store_of: Ids
    """Per pair: its store, or -1."""
    left: Floats
    """Per store: the share that is left."""
    since: Floats
    lasts: Floats
    """Per store: seconds from full to empty at its load."""
    version: Ids
    """Per store: how often it was started or stopped; an older event does not count."""
    tank: Ids
    """Per slot: the same of its fuel."""
    waits: Ids
    """Per slot: the same of its restart."""
    ready: Times
    """Per slot: when it has started after its power came back."""
    queued: Flags
    """Per loop."""
    outside: Ids
    """Per gate, all zero between two uses."""
    grounded: Flags
    """Per slot, all zero between two uses."""
    kept: Flags
    """Per pair, all zero between two uses."""
    way: OnTheWay


class Seen(NamedTuple):
    """What readings say of an instant in the middle of a failure; nan and -1 where none does. Ages are seconds before that instant."""

    at: float
    """Seconds after the failure."""
    left: Floats
    """Per store: the share that is in it."""
    left_age: Floats
    kw: Floats
    """Per store of energy: what it carries."""
    lasts: Floats
    """Per store of energy: the seconds that it has left by its own account, now."""
    runs: NDArray[np.int8]
    """Per slot: 1 it runs, 0 it does not."""
    runs_age: Floats
    fuel: Floats
    """Per slot of a standby source: how long its full tank lasts, seconds."""
    level: Floats
    """Per slot of a standby source: the share that is in its tank."""
    level_age: Floats
    better: bool
    """Whether what readings leave open is taken at its better end: what should run and does not starts now, in its start time (else not
    at all); what runs longer than its tank could last has fuel (else none); of a store's charge and its own account of the seconds left
    the one that gives more (else less)."""


class Then(NamedTuple):
    """How it stands at the instant of what was seen."""

    holds: Flags
    """Per pair: supplied or carried."""
    up: Flags
    """Per slot."""
