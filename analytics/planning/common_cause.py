"""Common causes in the chain of a load: each is one more failure unit, without which none of its members stands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analytics.sweeps.proof import Chain
from ontology.terms import Ids


def with_causes(chain: Chain, members: Sequence[Ids]) -> Chain:
    """The chain with a further failure unit for each list of units, in their order after the others.

    A cause is a slot without a supplier of its own, before that of the load; each slot of a member needs it, by a gate of one supplier.
    Cost: one pass over the chain.
    """
    units, load = len(chain.slots_at) - 1, len(chain.gates_at) - 2
    needing = [
        np.concatenate([np.empty(0, np.int32), *(chain.slots[chain.slots_at[u] : chain.slots_at[u + 1]] for u in of)]) for of in members
    ]
    causes = np.repeat(np.arange(len(members), dtype=np.int32), [len(each) for each in needing]) + np.int32(load)
    of_gate = np.where(chain.gate_slot == load, load + len(members), chain.gate_slot)
    gate_slot = np.concatenate((of_gate, *needing)).astype(np.int32)
    order = np.argsort(gate_slot, kind="stable")
    lists = [chain.suppliers[chain.suppliers_at[gate] : chain.suppliers_at[gate + 1]] for gate in range(len(chain.at_least))]
    lists += [causes[at : at + 1] for at in range(len(causes))]
    lists = [lists[gate] for gate in order.tolist()]
    at_least = np.concatenate((chain.at_least, np.ones(len(causes), chain.at_least.dtype)))[order]
    sizes = np.array([len(each) for each in lists], dtype=np.int32)
    suppliers = np.concatenate([np.empty(0, np.int32), *lists]).astype(np.int32)
    by_supplier = np.argsort(suppliers, kind="stable")
    unit = np.concatenate((chain.unit[:-1], units + np.arange(len(members)), [-1])).astype(np.int32)
    by_unit = np.argsort(unit, kind="stable")[np.count_nonzero(unit < 0) :]
    edges = np.arange(len(unit) + 1)
    return Chain(
        np.searchsorted(gate_slot[order], edges).astype(np.int32),
        at_least,
        np.concatenate(([0], np.cumsum(sizes))).astype(np.int32),
        suppliers,
        np.searchsorted(suppliers[by_supplier], edges).astype(np.int32),
        np.repeat(np.arange(len(lists), dtype=np.int32), sizes)[by_supplier],
        gate_slot[order],
        unit,
        np.searchsorted(unit[by_unit], np.arange(units + len(members) + 1)).astype(np.int32),
        by_unit.astype(np.int32),
    )
