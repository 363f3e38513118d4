"""A file of an older schema is brought to the newest as it is opened, and says what it said before."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from graph.changes import Cause
from graph.errors import StoreUnavailable
from graph.stores.sqlite import TWIN_FILE, SqliteStore
from graph.stores.sqlite_schema import MIGRATIONS
from graph.values import Quality, Reason
from ontology.terms import KeyQuad

SCHEMA_1 = """\
BEGIN TRANSACTION;
CREATE TABLE graphs (graph TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "graphs" VALUES('urn:g:bms','bms');
INSERT INTO "graphs" VALUES('urn:g:plan','plan');
CREATE TABLE point_values (point INTEGER PRIMARY KEY, value REAL, observed_at INTEGER NOT NULL, received_at INTEGER NOT NULL, quality
INTEGER NOT NULL);
INSERT INTO "point_values" VALUES(1,2.5,3,4,0);
CREATE TABLE quads (s INTEGER NOT NULL, p INTEGER NOT NULL, o INTEGER NOT NULL, g INTEGER NOT NULL, PRIMARY KEY (s, p, o, g)) WITHOUT
ROWID;
INSERT INTO "quads" VALUES(1,2,3,4);
INSERT INTO "quads" VALUES(1,5,6,4);
INSERT INTO "quads" VALUES(1,5,6,9);
CREATE TABLE revisions (number INTEGER PRIMARY KEY, author TEXT NOT NULL, source TEXT NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL,
added INTEGER NOT NULL, removed INTEGER NOT NULL, change BLOB NOT NULL);
INSERT INTO "revisions" VALUES(1,'ada','plan','2026-03-01T12:00:00+00:00','day 1',3,0,X'7801136580806AA5D2A23CAB74AB829CC43C252B253055C\
B01956407D29C400CA2B980580B8841722C40CC0CC420ADA505C5202A2D353505CC28482945989851525260A5AF5F5E5EAE576EAC975F94AE6F646060A06F60A85F9492\
A65B9C9C919A9BA89C9398949AA3141A10ACE4909A176F9564A054A104321D19B001398C400CB219849980981588412E03A985612013050000126626FF');
INSERT INTO "revisions" VALUES(2,'ada','bms','2026-03-02T12:00:00+00:00','day 2',2,0,X'7801136680806AA5D2A23CAB74ABA4DC62252B251059CB06\
956207D25A40CC01C49C400CE2B3023148436941714649498195BE7E7979B95EB9B15E7E51BABE91818181BE81A17E514A9A6E7172466A6EA2724E62526A8E526840B09\
2436A1EDC2610A320A55429C02554890968220CB000198C500C1207D9C60CC5400A05000095962150');
INSERT INTO "revisions" VALUES(3,'ada','plan','2026-03-03T12:00:00+00:00','day 3',0,2,X'780163628080EA5A28034EB14159EC405A0B883980980B8\
859809819884B8BF2AC4A0B8A334A4A0AACF4F5CBCBCBF5CA8DF5F28BD2F58D0C0C0CF40D0CF58B52D2748B933352731395731293527394420382951C52F3401AD3AD0A\
7212F3E2AD920C942A949880A6C100C87446280689B30231C8361006005A001A10');
INSERT INTO "revisions" VALUES(4,'ada','plan','2026-03-04T12:00:00+00:00','day 4',2,1,X'780163628080EA5A36288B1D486B0131071073013127108\
3C44A8BF2AC4A0B8A334A4A0AACF4F5CBCBCBF5CA8DF5F28BD2F58D0C0C0CF40D0CF58B52D2748B933352731395731293527394420382951C52F3401AD3AD0A7212C1AC\
B4D4D494629050414A2913D05864C008E4B00031489C158899A11824060230A781E440CE821A438293025C429520EE49CA2D065907032036C85A90950018853418');
CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL);
INSERT INTO "schema_version" VALUES(1,'2026-03-01 12:00:00');
CREATE TABLE terms (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
INSERT INTO "terms" VALUES(1,'urn:ups');
INSERT INTO "terms" VALUES(2,'urn:feeds');
INSERT INTO "terms" VALUES(3,'urn:pdu');
INSERT INTO "terms" VALUES(4,'urn:g:plan');
INSERT INTO "terms" VALUES(5,'http://www.w3.org/2000/01/rdf-schema#label');
INSERT INTO "terms" VALUES(6,'"UPS"@en');
INSERT INTO "terms" VALUES(7,'_:b0');
INSERT INTO "terms" VALUES(8,'"x"');
INSERT INTO "terms" VALUES(9,'urn:g:bms');
INSERT INTO "terms" VALUES(10,'"PDU"');
COMMIT;
"""
"""What the first program wrote: four revisions by two sources, one of which says again what it said, and two current values."""

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
PLAN, BMS = "urn:g:plan", "urn:g:bms"
FEEDS: KeyQuad = ("urn:ups", "urn:feeds", "urn:pdu", PLAN)
NAMED: KeyQuad = ("urn:ups", LABEL, '"UPS"@en', PLAN)
NAMELESS: KeyQuad = ("_:b0", LABEL, '"x"', PLAN)
NAMED_TOO: KeyQuad = ("urn:ups", LABEL, '"UPS"@en', BMS)
OTHER: KeyQuad = ("urn:pdu", LABEL, '"PDU"', BMS)


def old_file(folder: Path, more: str = "") -> Path:
    """A file of schema 1 in the folder."""
    with sqlite3.connect(folder / TWIN_FILE) as db:
        db.executescript(SCHEMA_1)
        db.executescript(more)
    db.close()
    return folder


def test_a_file_of_the_first_schema_says_what_it_said(tmp_path: Path) -> None:
    """Quads, owners, revisions, values; and now also who said each quad, and what changed each graph last."""
    store = SqliteStore(old_file(tmp_path))

    twin = store.load()

    assert dict(zip(twin.quads, twin.since.tolist(), strict=True)) == {FEEDS: 1, NAMED: 4, NAMED_TOO: 2}
    assert (dict(twin.owners), dict(twin.changed)) == ({PLAN: "plan", BMS: "bms"}, {PLAN: 4, BMS: 4})
    assert [r.cause for r in store.revisions()] == [
        Cause("ada", source, datetime(2026, 3, day, 12, tzinfo=UTC), f"day {day}")
        for day, source in enumerate(("plan", "bms", "plan", "plan"), 1)
    ]
    assert (list(store.values().points), store.values().values.tolist()) == (["urn:ups"], [2.5])
    assert list(store.branches()) == []
    assert store.drift().is_empty
    store.close()


def test_its_changes_become_exact_and_can_be_undone(tmp_path: Path) -> None:
    """The fourth revision said again what stood: that is no part of it any more; what was taken back knows who had said it."""
    store = SqliteStore(old_file(tmp_path))

    third, fourth = store.change(3), store.change(4)

    assert dict(zip(third.removed, third.since.tolist(), strict=True)) == {NAMED: 1, NAMELESS: 1}
    assert (set(fourth.added), dict(zip(fourth.removed, fourth.since.tolist(), strict=True))) == ({NAMED}, {OTHER: 2})
    assert [(r.added, r.removed) for r in store.revisions()] == [(3, 0), (2, 0), (0, 2), (1, 1)]
    store.close()


def test_what_no_revision_tells_of_is_kept_and_still_found(tmp_path: Path) -> None:
    """Someone had written into the old file by hand: the migration neither hides it nor undoes it."""
    store = SqliteStore(old_file(tmp_path, "INSERT INTO quads VALUES (3, 5, 6, 9); DELETE FROM quads WHERE p = 2;"))

    twin, drift = store.load(), store.drift()

    by_hand = ("urn:pdu", LABEL, '"UPS"@en', BMS)
    assert set(twin.quads) == {NAMED, NAMED_TOO, by_hand}
    assert (list(drift.added), list(drift.removed), drift.since.tolist()) == ([by_hand], [FEEDS], [1])
    store.close()


def test_a_file_of_the_second_schema_gets_a_place_for_the_reason_of_a_value(tmp_path: Path) -> None:
    """Values stay, without one; one that is written has it."""
    SqliteStore(old_file(tmp_path)).close()
    with sqlite3.connect(tmp_path / TWIN_FILE) as db:
        db.executescript("ALTER TABLE point_values DROP COLUMN reason; DELETE FROM schema_version WHERE version = 3;")
    db.close()

    store = SqliteStore(tmp_path)

    kept = store.values()
    store.write_values(replace(kept, quality=np.array([Quality.BAD], np.uint8), reason=np.array([Reason.JUMP], np.uint8)))
    assert (list(kept.points), kept.values.tolist(), kept.reason.tolist()) == (["urn:ups"], [2.5], [Reason.NONE])
    assert store.values().reason.tolist() == [Reason.JUMP]
    assert store.drift().is_empty
    store.close()


def test_a_migrated_file_takes_further_changes(tmp_path: Path) -> None:
    """Undoing its last revision, for one; and opening it again migrates nothing."""
    store = SqliteStore(old_file(tmp_path))
    store.commit(store.change(4).inverse(), Cause("ada", "plan", datetime(2026, 3, 5, tzinfo=UTC), "undo", "k"), expected=4)
    store.close()

    again = SqliteStore(tmp_path)

    assert set(again.load().quads) == {FEEDS, NAMED_TOO, OTHER}
    assert again.drift().is_empty
    again.close()


def test_a_reader_does_not_migrate(tmp_path: Path) -> None:
    """It says what would."""
    old_file(tmp_path)

    with pytest.raises(StoreUnavailable, match=rf"older schema 1, not {len(MIGRATIONS)}: open it once"):
        SqliteStore(tmp_path, read_only=True)
