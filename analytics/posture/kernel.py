"""The inner loops of the posture: whose failure may do something else now, what each takes down. Compiled by numba.

Rules of this file:

1. What a failure takes down depends only on what is downstream of it through live slots. A slot is *changed* when it died or came up,
   *touched* when it is changed or a supplier of it is; a failure upstream of nothing touched does what it did before.
2. The loops handed to `cascade` may be larger than those of the live slots: each of these lies in one of them.
"""

from __future__ import annotations

import numpy as np

from analytics.kernel import Flags, Loops, Scratch, Tally, Wires, cascade, revive
from analytics.sweeps.kernel import Behind, Lost, Marks, count_fallen
from analytics.sweeps.pairs import Lists, grown
from graph.compiled import compiled
from ontology.terms import Ids


@compiled
def ends(wires: Wires, live: Flags, changed: Ids) -> Ids:
    """The changed slots and the live suppliers of the touched ones, each once: what is upstream of these may do something else now."""
    slots = len(live)
    seen = np.zeros(slots, np.uint8)
    touched = np.zeros(slots, np.uint8)
    queue = np.empty(slots, np.int32)
    found = np.empty(slots, np.int32)
    waiting, listed = 0, 0
    for slot in changed:
        seen[slot] = 1
        found[listed] = slot
        listed += 1
        if touched[slot] == 0:
            touched[slot] = 1
            queue[waiting] = slot
            waiting += 1
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            fed = wires.gate_slot[wires.feeds[at]]
            if touched[fed] == 0:
                touched[fed] = 1
                queue[waiting] = fed
                waiting += 1
    for i in range(waiting):
        slot = queue[i]
        for at in range(wires.suppliers_at[wires.gates_at[slot]], wires.suppliers_at[wires.gates_at[slot + 1]]):
            supplier = wires.suppliers[at]
            if live[supplier] == 1 and seen[supplier] == 0:
                seen[supplier] = 1
                found[listed] = supplier
                listed += 1
    return found[:listed].copy()


@compiled
def hangs(  # noqa: PLR0912, PLR0915  one walk a failure, kept together
    wires: Wires, ring: Loops, tally: Tally, work: Scratch, slots_at: Ids, pair_node: Ids, nodes: Ids
) -> Lists:
    """Let each node fail alone: the pairs that it takes down, but for its own. The tally is as before afterwards. Cost: their damage.

    What a failure does is marked by its serial number and nothing is taken back; one that takes a supplier from a loop without killing
    what it fed is run again by `cascade`.
    """
    at = np.zeros(len(nodes) + 1, np.int32)
    items, used = np.empty(1024, np.int32), 0
    hits = np.zeros((len(wires.at_least), 2), np.int32)
    died, fell = np.zeros(len(tally.live), np.int32), np.zeros(len(tally.failing), np.int32)
    queue = np.empty(len(tally.live), np.int32)
    for row in range(len(nodes)):
        node = nodes[row]
        at[row + 1] = used
        if not decides(wires, ring, tally, slots_at[node], slots_at[node + 1]):
            continue
        serial = row + 1
        tail, head, looped = 0, 0, False
        for slot in range(slots_at[node], slots_at[node + 1]):
            if tally.live[slot] == 1:
                died[slot] = serial
                queue[tail] = slot
                tail += 1
        while head < tail and not looped:
            slot = queue[head]
            head += 1
            items = grown(items, used, wires.feeds_at[slot + 1] - wires.feeds_at[slot])
            for edge in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
                gate = wires.feeds[edge]
                if hits[gate, 0] != serial:
                    hits[gate, 0] = serial
                    hits[gate, 1] = 0
                hits[gate, 1] += 1
                left = tally.counts[gate] - hits[gate, 1] - wires.at_least[gate]
                fed = wires.gate_slot[gate]
                if left == -1:
                    pair = wires.gate_pair[gate]
                    if tally.failing[pair] == 0 and fell[pair] != serial:
                        fell[pair] = serial
                        if pair_node[pair] != node:
                            items[used] = pair
                            used += 1
                    if tally.live[fed] == 1 and died[fed] != serial:
                        died[fed] = serial
                        queue[tail] = fed
                        tail += 1
                elif ring.loop_of[fed] >= 0 and tally.live[fed] == 1 and died[fed] != serial:
                    looped = True
                    break
        if looped:
            used = at[row]
            seeds = np.arange(slots_at[node], slots_at[node + 1], dtype=np.int32)
            dead, fallen, _ = cascade(wires, ring, tally, work, seeds, tally.counts)
            items = grown(items, used, fallen)
            for i in range(fallen):
                if pair_node[work.fallen[i]] != node:
                    items[used] = work.fallen[i]
                    used += 1
            revive(wires, tally, work.dead, 0, dead)
        at[row + 1] = used
    return Lists(at, items[:used].copy())


@compiled
def decides(wires: Wires, ring: Loops, tally: Tally, first: int, last: int) -> bool:
    """Whether the death of some slots may take anything down: a requirement that can spare none, or a loop that may keep itself alive."""
    for slot in range(first, last):
        if tally.live[slot] == 1:
            for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
                gate = wires.feeds[at]
                fed = wires.gate_slot[gate]
                if tally.counts[gate] == wires.at_least[gate] or (tally.live[fed] == 1 and ring.loop_of[fed] >= 0):
                    return True
    return False


@compiled
def merged(older: Lists, rows: Ids, newer: Lists) -> Lists:
    """The older lists with those of some rows, ascending, replaced by the newer ones, in order of `rows`. Linear."""
    count = len(older.at) - 1
    size = np.diff(older.at)
    size[rows] = np.diff(newer.at)
    at = np.zeros(count + 1, np.int32)
    at[1:] = np.cumsum(size)
    items = np.empty(at[count], np.int32)
    first = 0
    for nth in range(len(rows) + 1):
        last = rows[nth] if nth < len(rows) else count
        items[at[first] : at[last]] = older.items[older.at[first] : older.at[last]]
        if nth < len(rows):
            items[at[last] : at[last + 1]] = newer.items[newer.at[nth] : newer.at[nth + 1]]
            first = last + 1
    return Lists(at, items)


@compiled
def flagged(lists: Lists, nodes: Ids, pair_node: Ids, holders_at: Ids, holders: Ids) -> Flags:
    """Flags of the nodes of the listed pairs, and of those that stand or fall with them; what fails does not hang by itself."""
    found = np.zeros(len(holders_at) - 1, np.uint8)
    for row in range(len(nodes)):
        for i in range(lists.at[row], lists.at[row + 1]):
            mark(found, pair_node[lists.items[i]], nodes[row], holders_at, holders)
    return found


@compiled
def mark(found: Flags, node: int, cause: int, holders_at: Ids, holders: Ids) -> None:
    """Flag a node, and those that stand or fall with it but for the cause."""
    found[node] = 1
    for i in range(holders_at[node], holders_at[node + 1]):
        if holders[i] != cause:
            found[holders[i]] = 1


@compiled
def news(
    before: Lists,
    after: Lists,
    rows: Ids,
    down_before: Flags,
    down_after: Flags,
    nodes: Ids,
    pair_node: Ids,
    holders_at: Ids,
    holders: Ids,
) -> tuple[Flags, Flags]:
    """Flags of the nodes of which a supply that held hangs by a failure that it did not hang by before, and of those of which one that
    holds no longer hangs by one that it did. Only the given rows are compared. Linear in both lists of these."""
    gained, gone = np.zeros(len(holders_at) - 1, np.uint8), np.zeros(len(holders_at) - 1, np.uint8)
    stamp = np.zeros(len(down_before), np.int32)
    for row in rows:
        first, second = before.at[row], after.at[row]
        size = before.at[row + 1] - first
        same = size == after.at[row + 1] - second
        i = 0
        while same and i < size:
            same = before.items[first + i] == after.items[second + i]
            i += 1
        if same:
            continue
        serial = 2 * row + 1
        for i in range(first, first + size):
            stamp[before.items[i]] = serial
        for i in range(second, after.at[row + 1]):
            pair = after.items[i]
            if stamp[pair] != serial and down_before[pair] == 0:
                mark(gained, pair_node[pair], nodes[row], holders_at, holders)
            stamp[pair] = serial + 1
        for i in range(first, first + size):
            pair = before.items[i]
            if stamp[pair] == serial and down_after[pair] == 0:
                mark(gone, pair_node[pair], nodes[row], holders_at, holders)
    return gained, gone


@compiled
def counted(lists: Lists, nodes: Ids, pair_node: Ids, behind: Behind, marks: Marks, lost: Lost) -> None:
    """Fill in what hangs by each node. Serial number: its row and one."""
    for row in range(len(nodes)):
        marks.failed[nodes[row]] = row + 1
        for i in range(lists.at[row], lists.at[row + 1]):
            count_fallen(behind, marks, lost, pair_node[lists.items[i]], row + 1, row)
