"""What becomes of a change whose findings are errors: refused, accepted with its findings, or kept apart."""

from __future__ import annotations

import pytest

from graph.changes import AsOf
from graph.errors import Refused
from ontology.namespaces import BRICK, RDF
from ontology.terms import KeyQuad, QuadBlock
from tests.support.ledgers import Desk, said
from twin.ledger.answers import Policies, Policy
from twin.sync import Wish

GOOD: KeyQuad = ("urn:c", RDF + "type", BRICK + "Chiller", "urn:bms")
BAD: KeyQuad = ("urn:u", RDF + "type", BRICK + "UPS", "urn:bms")
OLD: KeyQuad = ("urn:o", RDF + "type", BRICK + "UPS", "urn:bms")


def desk_with(policy: Policy) -> Desk:
    """A desk at which source `bms` has that policy, and has said what is right."""
    desk = Desk(policies=Policies({"bms": policy}))
    desk.say("bms", GOOD)
    return desk


def test_the_first_pattern_that_fits_counts() -> None:
    """Else everything is accepted."""
    policies = Policies({"netbox": Policy.ACCEPT, "net*": Policy.REFUSE, "files/?.ttl": Policy.QUARANTINE})

    found = [policies.of(source) for source in ("netbox", "network", "files/a.ttl", "files/ab.ttl", "other")]

    assert found == [Policy.ACCEPT, Policy.REFUSE, Policy.QUARANTINE, Policy.ACCEPT, Policy.ACCEPT]


def test_accepted_with_findings() -> None:
    """The change is a revision, and what is wrong with it is told."""
    desk = desk_with(Policy.ACCEPT)

    done = desk.say("bms", GOOD, BAD)

    assert done.revision is not None
    assert [(finding.code, finding.focus) for finding in done.findings] == [("unknown-term", "urn:u")]


def test_refused_with_the_reason_and_the_next_step() -> None:
    """Nothing is kept."""
    desk = desk_with(Policy.REFUSE)

    with pytest.raises(Refused, match=r"bms is refused for 1 error: urn:u: no ontology describes brick:UPS.*use dcx:UPS.*--policy accept"):
        desk.say("bms", GOOD, BAD)

    assert (desk.twin.snapshot.revision, desk.ledger.branches()) == (1, [])


def test_quarantine_keeps_the_change_apart_until_somebody_decides() -> None:
    """The site stays; the branch has the change, can be looked at and applied."""
    desk = desk_with(Policy.QUARANTINE)

    done = desk.say("bms", GOOD, BAD)
    site, apart = said(desk.twin.snapshot), said(desk.ledger.snapshot(AsOf(branch="quarantine/bms")))
    applied = desk.ledger.apply_branch("quarantine/bms", author="ada", reason="it is right so")

    assert (done.revision, done.quarantined) == (None, "quarantine/bms")
    assert (site, apart) == ([GOOD], [GOOD, BAD])
    assert applied.revision is not None
    assert applied.revision.cause.source == "bms"
    assert (said(desk.twin.snapshot), desk.ledger.branches()) == ([GOOD, BAD], [])


def test_what_a_source_says_next_takes_the_place_of_what_is_in_quarantine() -> None:
    """Wrong in another way: the newer wish is kept. Right again: nothing is left in quarantine."""
    desk = desk_with(Policy.QUARANTINE)
    desk.say("bms", GOOD, BAD)

    desk.say("bms", GOOD, OLD)
    second = said(desk.ledger.snapshot(AsOf(branch="quarantine/bms")))
    desk.say("bms", GOOD)

    assert second == [GOOD, OLD]
    assert desk.ledger.branches() == []


def test_single_facts_in_quarantine_come_to_what_is_there() -> None:
    """Two wrong facts, one after the other: the branch has both, each as a change of its own; the second one again adds nothing."""
    desk = desk_with(Policy.QUARANTINE)

    for quad in (BAD, OLD, OLD):
        told = desk.edit("bms", [quad])
    (branch,) = desk.ledger.branches()

    assert told.quarantined == branch.name == "quarantine/bms"
    assert len(branch.revisions) == 2
    assert said(desk.ledger.snapshot(AsOf(branch=branch.name))) == [GOOD, OLD, BAD]


def test_single_facts_that_the_site_has_changed_since_do_not_come_to_a_quarantine() -> None:
    """The branch stands on revision 1; revision 2 said c a pump. To take that back for what is wrong would be lost there: refused."""
    desk = desk_with(Policy.QUARANTINE)
    desk.edit("bms", [BAD])
    pump = ("urn:c", RDF + "type", BRICK + "Pump", "urn:bms")
    desk.edit("bms", [pump])

    with pytest.raises(Refused, match="'quarantine/bms' holds earlier changes and stands on revision 1; since then the site has touched 1"):
        desk.edit("bms", [("urn:c", RDF + "type", BRICK + "UPS", "urn:bms")], [pump])

    assert len(desk.ledger.branches()[0].revisions) == 1


def test_a_finding_that_was_there_before_is_not_new() -> None:
    """The accepted change touches what was wrong: told, and told apart; mending it is told too."""
    desk = Desk()
    desk.say("bms", OLD)

    label = desk.say("bms", OLD, ("urn:o", RDF + "value", '"1"', "urn:bms"))
    mended = desk.say("bms", ("urn:o", RDF + "value", '"1"', "urn:bms"))

    assert [(len(done.findings), len(done.findings.new), len(done.findings.gone)) for done in (label, mended)] == [(1, 0, 0), (0, 0, 1)]


def test_what_is_not_touched_holds_nothing_up() -> None:
    """The old error was accepted; under a strict policy a change that does not touch it goes through."""
    lax = Desk()
    lax.say("bms", OLD)
    strict = Desk(lax.store, Policies(otherwise=Policy.REFUSE))

    done = strict.say("bms", OLD, GOOD)

    assert done.revision is not None
    assert list(done.findings) == []


def test_a_branch_holds_nothing_up() -> None:
    """It is there to try things; the findings are told."""
    desk = desk_with(Policy.REFUSE)
    desk.ledger.create_branch("b", base=AsOf(), author="ada", reason="")

    done = desk.say("bms", GOOD, BAD, branch="b")

    assert done.revision is not None
    assert [finding.code for finding in done.findings] == ["unknown-term"]


def test_a_dry_run_tells_what_the_policy_will_do() -> None:
    """Refused as it will be; kept apart as it will be, and nothing is kept."""
    wish = Wish("bms", QuadBlock.of([GOOD, BAD]))
    strict, apart = desk_with(Policy.REFUSE), desk_with(Policy.QUARANTINE)

    refused = strict.ledger.sync(wish, author="ada", reason="", dry_run=True)
    told = apart.ledger.sync(wish, author="ada", reason="", dry_run=True)

    assert "bms is refused for 1 error: urn:u" in refused.refused
    assert (refused.revision, list(refused.change.added)) == (None, [BAD])
    assert [finding.focus for finding in refused.findings.new] == ["urn:u"]
    assert (told.quarantined, told.refused) == ("quarantine/bms", "")
    assert apart.ledger.branches() == []


def test_a_large_change_brings_what_a_small_one_would() -> None:
    """Half of the twin anew, 2,100 facts, and one of them wrong: what was wrong in the other half is as before."""
    lots = [(f"urn:c{n}", RDF + "type", BRICK + "Chiller", "urn:bms") for n in range(2100)]
    lax = Desk()
    lax.say("other", *((*quad[:3], "urn:other") for quad in [*lots[:500], OLD]))
    strict = Desk(lax.store, Policies(otherwise=Policy.REFUSE))

    right = strict.say("bms", *lots[500:], *(("urn:x" + s, p, o, g) for s, p, o, g in lots[:600]))
    with pytest.raises(Refused, match="bms is refused for 1 error: urn:feeds"):
        strict.say("bms", *lots, ("urn:feeds", BRICK + "feeds", "urn:feeds", "urn:bms"))

    assert [finding.focus for finding in right.findings] == ["urn:o"]
    assert list(right.findings.new) == []
