"""Evidence when much fails together: still a smallest set, the same however it is asked for, and honest where it may not be."""

from __future__ import annotations

from analytics.impact import Told, impact_of
from analytics.scenario import Case
from tests.analytics.sites import NOW, SITE, fail, site

SIDES = """
:Z a dcx:Utility_Feed ; dcx:feedsPower :A, :B . :A a brick:PDU ; dcx:feedsPower :R . :B a brick:PDU ; dcx:feedsPower :R .
:R a brick:ICT_Rack .
"""
CROWD = [f"P{n:04}" for n in range(1_100)]
BESIDE = ":Y a dcx:Utility_Feed ; dcx:feedsPower " + ", ".join(f":{each}" for each in CROWD) + " .\n"
BESIDE += "".join(f":{each} a brick:PDU ; dcx:feedsPower :R-{each} . :R-{each} a brick:ICT_Rack .\n" for each in CROWD)


def test_one_thing_that_explains_all_is_found_among_a_thousand_that_fail() -> None:
    """Z feeds A and B, these R: {Z} and {A, B} explain that R is lost, and 1 < 2, whatever else fails: here 1,100 panels beside it."""
    answer = fail(site(SIDES + BESIDE), "A", "B", "Z", *CROWD)

    assert {o.id: o.evidence for o in answer.outcomes}[SITE + "R"] == (SITE + "Z",)
    assert len(answer.outcomes) == 1 + len(CROWD)
    assert not any("evidence" in text for text in answer.assumed)


def test_evidence_is_the_same_for_some_outcomes_as_for_all() -> None:
    """Z alone takes R down; 60 replicas of which 30 must run are lost by many sets of 31. Asked for alone, each has the evidence that it
    has in the whole answer."""
    graph = site(SIDES + BESIDE + _replicated(60, 30))
    case = Case.of_failed(graph, [SITE + each for each in ("A", "B", "Z", *CROWD, *_names(60))], NOW)

    whole = {o.id: o.evidence for o in impact_of(case).outcomes}

    for name in ("R", "R-P0000", "Shop"):
        (alone,) = impact_of(case, told=Told.WHY, of=[SITE + name]).outcomes
        assert alone.evidence == whole[SITE + name]
    assert whole[SITE + "R"] == (SITE + "Z",)


def test_what_another_failure_takes_down_anyway_is_not_tried_with_others() -> None:
    """Two chains of 40 panels to one rack, all 80 out: 80 * 79 / 2 = 3,160 pairs of failures are too many, but the first of each chain
    takes the rest down, and 1 pair of these is left."""
    chains = "".join(f":{c}{n:02} a brick:PDU ; dcx:feedsPower :{c}{n + 1:02} .\n" for c in "AB" for n in range(39))
    graph = site(f"{chains} :A39 a brick:PDU ; dcx:feedsPower :R . :B39 a brick:PDU ; dcx:feedsPower :R . :R a brick:ICT_Rack .")

    answer = fail(graph, *(f"{c}{n:02}" for c in "AB" for n in range(40)))

    assert {o.id: o.evidence for o in answer.outcomes}[SITE + "R"] == (SITE + "A00", SITE + "B00")
    assert not any("evidence" in text for text in answer.assumed)


def test_evidence_that_may_not_be_the_smallest_is_said_to_be_so() -> None:
    """60 replicas, 30 needed: 31 gone take it. 60 * 59 / 2 = 1,770 pairs are too many to try: 31 are left when 29 have been spared."""
    answer = fail(site(_replicated(60, 30)), *_names(60))

    assert [len(o.evidence) for o in answer.outcomes] == [31]
    assert answer.assumed[-1] == (
        "the evidence of 1 outcome may not be the smallest: too many things fail together for all sets of them to be tried"
    )


def _names(count: int) -> list[str]:
    return [f"S{n:02}" for n in range(count)]


def _replicated(count: int, needed: int) -> str:
    servers = "".join(f":{server} a brick:Server ; dcx:feedsCompute :Shop .\n" for server in _names(count))
    return f":Shop a dcx:Service ; dcx:requires [ dcx:medium dcx:Compute ; dcx:atLeast {needed} ] .\n{servers}"
