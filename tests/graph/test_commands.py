"""The life of a command: every step that the table has, and none that it has not."""

from __future__ import annotations

from itertools import product

import pytest

from graph.commands import NEXT, CommandState, advance

S = CommandState
ALLOWED = {
    (S.REQUESTED, S.REFUSED),
    (S.REQUESTED, S.DISPATCHED),
    (S.DISPATCHED, S.ACKNOWLEDGED),
    (S.DISPATCHED, S.CONFIRMED),
    (S.DISPATCHED, S.MISMATCHED),
    (S.DISPATCHED, S.TIMED_OUT),
    (S.DISPATCHED, S.FAILED),
    (S.ACKNOWLEDGED, S.CONFIRMED),
    (S.ACKNOWLEDGED, S.MISMATCHED),
    (S.ACKNOWLEDGED, S.TIMED_OUT),
}


@pytest.mark.parametrize(("state", "to"), list(product(S, S)))
def test_a_step_is_taken_if_the_table_has_it_and_refused_else(state: CommandState, to: CommandState) -> None:
    """All 64 pairs; a refusal says what was expected."""
    if (state, to) in ALLOWED:
        assert advance(state, to) is to
    else:
        with pytest.raises(ValueError, match=f"in {state} cannot become {to}; expected "):
            advance(state, to)


def test_every_state_is_in_the_table_and_every_life_ends() -> None:
    """Five ends; from each other state an end is reached."""
    ends = {state for state, steps in NEXT.items() if not steps}

    assert set(NEXT) == set(S)
    assert ends == {S.REFUSED, S.CONFIRMED, S.MISMATCHED, S.TIMED_OUT, S.FAILED}
    assert all(NEXT[state] & ends for state in S if state not in ends)
