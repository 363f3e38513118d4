import { describe, expect, test } from "vitest";
import { compact, expand, localName, words } from "../src/core/iri";
import { age, instant, kilowatts, mayMean, number, symbol } from "../src/core/format";
import { phrase } from "../src/core/media";
import { besideEachOther, countNodes, differs, kinds, pageOf, ROWS_PER_PAGE, worstOutcomes, type Row } from "../src/core/outcomes";
import { between, classesOf, countAt, instantAt, lostByMedium, mediaOf, momentsAt, nextStop, placeOf, span, spellsOf, spellText, stopsOf, upToMs, type Moment } from "../src/core/timeline";
import type { ClassInfo, EventKind, GraphView, Outcome, TimelineEvent } from "../src/core/types";
import { childrenOf } from "../src/core/tree";
import { ranked } from "../src/core/search";
import { places, room } from "../src/core/places";
import { carries, linesOf, standingNow } from "../src/core/standing";
import { Away, Refused } from "../src/core/client";
import { byEntity, objectText } from "../src/core/difference";
import { CLASSES } from "../src/core/documents";
import { asOfIn, asOfOf, NOW, variablesOf } from "../src/core/standpoint";
import { formatOf, refusal, sourceNameOf } from "../src/core/upload";
import { chain, step } from "../src/core/walk";
import { decode, encode, START, type View } from "../src/core/url";

const row = (id: string, outcome: Outcome, medium = "m:power", kind = "c:Rack"): Row => ({
  id, label: id, class: kind, medium, outcome, evidence: ["u:UPS-A"], path: ["u:UPS-A", id], exposedTo: [], beside: null,
});

describe("the address of a view", () => {
  test("the start has none", () => {
    expect(encode(START)).toBe("");
    expect(decode("")).toEqual(START);
  });

  test("carries ids as CURIEs and comes back whole", () => {
    const view: View = {
      at: "urn:ridethrough:demo:UPS-A", around: "http://site.example/x?y=1&z#Ä b", hops: 4,
      fail: ["urn:ridethrough:demo:UPS-A", "urn:ridethrough:demo:UPS-B"], outcome: "NO_REDUNDANCY",
      kind: "https://brickschema.org/schema/Brick#ICT_Rack", sort: "label", descending: true, page: 4, show: "history",
      class: "https://w3id.org/ridethrough/ontology#UPS", asOf: "2026-03-03T14:02:00.000Z", branch: "quarantine/dcim & co", revision: 12, against: 9,
      source: "dcim", t: 612.5, medium: "https://w3id.org/ridethrough/ontology#Power", vs: ["urn:ridethrough:demo:UPS-B"], vsNow: true, side: 2, differ: true, units: ["ROOM", "GROUP"], by: "TENANTS", order: 2, job: "j-1",
      trend: ["urn:ridethrough:demo:UPS-A.Load", "urn:ridethrough:demo:UPS-B.Load"], span: "7d",
    };

    const address = encode(view);

    expect(address).toContain("?at=demo:UPS-A&around=http://site.example/x%3Fy%3D1%26z%23%C3%84%20b&hops=4&fail=demo:UPS-A&fail=demo:UPS-B");
    expect(decode(address)).toEqual(view);
  });

  test("takes what it does not know for the default", () => {
    expect(decode("?hops=0&outcome=GREEN&sort=-size&page=-3&show=3d&what=else")).toEqual(START);
    expect(decode("?hops=99").hops).toBe(6);
    expect(decode("?asof=yesterday&branch=&revision=-1&against=x&source=")).toEqual(START);
  });

  test("names a failed node once", () => {
    expect(decode("?fail=demo:A&fail=urn:ridethrough:demo:A").fail).toEqual(["urn:ridethrough:demo:A"]);
  });
});

describe("two what-ifs", () => {
  test("stand beside each other row by row; what only the second hits is unaffected in the first", () => {
    const rows = besideEachOther([row("u:1", "LOST"), row("u:2", "REDUCED")], [row("u:2", "REDUCED"), row("u:3", "LOST")]);

    expect(rows.map(({ id, outcome, beside }) => [id, outcome, beside])).toEqual([["u:1", "LOST", "UNAFFECTED"], ["u:2", "REDUCED", "REDUCED"], ["u:3", "UNAFFECTED", "LOST"]]);
    expect(rows.filter(differs).map(({ id }) => id)).toEqual(["u:1", "u:3"]);
    expect(besideEachOther([row("u:1", "LOST")], null).some(differs)).toBe(false);
  });

  test("one that is taken apart leaves the other", () => {
    expect(decode("?fail=demo:A&vs=demo:B&side=2&only=different")).toMatchObject({ fail: ["urn:ridethrough:demo:A"], vs: ["urn:ridethrough:demo:B"], side: 2, differ: true });
  });
});

describe("the course of a failure", () => {
  const event = (kind: EventKind, ids: string[], lower: number, upper: number | null, medium: string | null = "m:power"): TimelineEvent => ({
    kind, ids, lower, upper, medium, class: "c:Rack", count: ids.length, reason: "because",
  });
  // Both utilities go: the UPS carries 600 to 720 s, is back at 900 to 1000 s; one rack has no battery and may be spared; a second medium follows.
  const events = [
    event("FAILED", ["u:utility"], 0, 0, null), event("CARRIED", ["u:ups"], 0, 0), event("LOST", ["u:bare"], 0.02, null),
    event("LOST", ["u:ups", "u:rack"], 600, 720), event("LOST", ["u:rack"], 650, 700, "m:air"), event("BACK", ["u:ups", "u:rack"], 900, 1000),
  ];
  const EVENTS_ALONE = { bounds: [], boundsCount: 3 };
  const at = (t: number): Record<string, Moment> => Object.fromEntries(momentsAt(spellsOf(events, EVENTS_ALONE), t));

  test("is lost for sure between the upper bound of the loss and the lower one of the return, perhaps lost around it", () => {
    expect(at(0)).toEqual({ "u:ups": "carried", "u:bare": "carried", "u:rack": "carried" });
    expect(at(610)).toEqual({ "u:ups": "perhaps", "u:bare": "perhaps", "u:rack": "perhaps" });
    expect(at(720)).toMatchObject({ "u:ups": "lost", "u:bare": "perhaps" });
    expect([at(900)["u:ups"], at(999)["u:ups"], at(1000)["u:ups"]]).toEqual(["perhaps", "perhaps", "back"]);
  });

  test("a node stands as its worst supply does: the air of the rack never comes back", () => {
    expect([at(660)["u:rack"], at(700)["u:rack"], at(1000)["u:rack"]]).toEqual(["perhaps", "lost", "lost"]);
    expect(countAt(momentsAt(spellsOf(events, EVENTS_ALONE), 1000), classesOf(events), "c:Rack")).toEqual({ lost: 1, perhaps: 1, carried: 0, back: 1 });
  });

  test("a rack is lost when what it holds is, by its bounds, not when the fans in the room stop", () => {
    const fans = [event("LOST", ["u:warm", "u:spared"], 0, 0, "m:air"), event("BACK", ["u:warm", "u:spared"], 20, 40, "m:air")];
    const bounds = [{ id: "u:warm", medium: "m:air", lower: 5, upper: 30, backLower: 20, backUpper: null }];
    const stand = (t: number): Record<string, Moment> => Object.fromEntries(momentsAt(spellsOf(fans, { bounds, boundsCount: 1 }), t));
    expect(stand(0)).toEqual({ "u:warm": "carried", "u:spared": "carried" });
    expect([stand(5)["u:warm"], stand(5)["u:spared"], stand(30)["u:warm"]]).toEqual(["perhaps", "carried", "perhaps"]);
    expect(stand(40)).toEqual({ "u:warm": "perhaps" });
  });

  test("can be looked at one medium at a time, and says which of them is lost", () => {
    expect(momentsAt(spellsOf(events, EVENTS_ALONE), 700, "m:power").get("u:rack")).toBe("perhaps");
    expect(lostByMedium(spellsOf(events, EVENTS_ALONE), 725, classesOf(events), "c:Rack")).toEqual([["m:power", 2], ["m:air", 1]]);
    expect(mediaOf(events)).toEqual(["m:air", "m:power"]);
  });

  test("is walked from bound to bound, both ways, and ends", () => {
    const stops = stopsOf(events);
    expect([83.7278497, 10.05, 0.02].map(upToMs)).toEqual([83.728, 10.05, 0.02]);
    expect(stops).toEqual([0, 0.02, 600, 650, 700, 720, 900, 1000]);
    expect([nextStop(stops, 0, 1), nextStop(stops, 610, 1), nextStop(stops, 610, -1), nextStop(stops, 0, -1), nextStop(stops, 1000, 1)]).toEqual([0.02, 650, 600, 0, 1000]);
  });

  test("stands on an axis that shows milliseconds and hours, and comes back from it", () => {
    expect([placeOf(0, 14_400), placeOf(14_400, 14_400)]).toEqual([0, 1]);
    expect(placeOf(10, 14_400)).toBeGreaterThan(0.3);
    expect(placeOf(600, 14_400)).toBeLessThan(0.8);
    expect([instantAt(placeOf(612, 14_400), 14_400), instantAt(1, 14_400), instantAt(0, 14_400)]).toEqual([612, 14_400, 0]);
  });

  test("is told as the service tells it", () => {
    expect([0, 0.02, 9.84, 59.97, 400, 3600, 12_000].map(span)).toEqual(["0 s", "20 ms", "9.8 s", "1 min", "6 min 40 s", "1 h", "3 h 20 min"]);
    expect([between(600, 720), between(5, null), between(0, 0)]).toEqual(["10 min to 12 min", "5 s or not at all", "0 s"]);
    expect(spellText({ medium: null, carried: null, lost: [600, 720], back: null, reason: "the battery is empty" })).toBe("Lost after 10 min to 12 min: the battery is empty. Not back within the time looked at.");
  });
});

describe("the state that is looked at", () => {
  test("a revision is a number, an instant is ISO 8601, and nothing else is a time", () => {
    expect([asOfIn("12"), asOfIn("2026-03-03T14:02:00Z"), asOfIn("noon"), asOfIn("2026-13-40T99:00"), asOfIn(null)]).toEqual(["12", "2026-03-03T14:02:00Z", null, null, null]);
    expect(asOfOf("12")).toEqual({ revision: 12 });
    expect(asOfOf("2026-03-03T14:02:00Z")).toEqual({ at: "2026-03-03T14:02:00Z" });
  });

  test("the site now is asked without any argument, another state by time and branch", () => {
    expect(CLASSES(NOW)).toMatch(/^query Classes \{ classes \{/);
    expect(CLASSES({ asOf: "3", branch: null })).toMatch(/^query Classes\(\$asOf: AsOf, \$branch: String\) \{ classes\(asOf: \$asOf, branch: \$branch\) \{/);
    expect([variablesOf(NOW), variablesOf({ asOf: "3", branch: "b" })]).toEqual([{}, { asOf: { revision: 3 }, branch: "b" }]);
  });
});

describe("an instant", () => {
  test("is rounded up to the second, as the log does: the state of what is read has what was done at it", () => {
    const [read, whole] = ["2026-03-03T14:02:31.000001Z", "2026-03-03T14:02:31Z"].map((iso) => instant(iso, new Date("2026-06-01T00:00:00Z")));

    expect(read).toMatch(/:02:32 \S+/);
    expect(whole).toMatch(/:02:31 \S+/);
  });

  test("has its zone, and its year when that is not this one", () => {
    const [today, zone] = [new Date("2026-06-01T12:00:00Z"), "UTC"];

    expect(instant("2026-03-03T14:02:31Z", today, zone)).toBe("Tue 3 Mar 14:02:31 UTC");
    expect(instant("2025-03-03T14:02:31Z", today, zone)).toBe("Mon 3 Mar 2025 14:02:31 UTC");
    expect(instant("2025-12-31T23:59:59.5Z", today, zone)).toBe("Thu 1 Jan 00:00:00 UTC");
  });
});

describe("a difference", () => {
  const said = (subject: string, predicate: string, object: string, graph = "g") =>
    ({ subject, predicate, object, objectIsId: false, datatype: null, language: null, graph, source: null });

  test("is read by entity; one value for another is one line", () => {
    const groups = byEntity({ added: [said("b", "load", "7"), said("a", "label", "A"), said("a", "load", "2")], removed: [said("a", "load", "1"), said("a", "load", "3", "other")] });

    expect(groups.map(({ subject, lines }) => [subject, ...lines.map(({ predicate, before, after }) => `${predicate}: ${before?.object ?? ""} → ${after?.object ?? ""}`)])).toEqual([
      ["a", "label:  → A", "load: 1 → 2", "load: 3 → "],
      ["b", "load:  → 7"],
    ]);
  });

  test("tells a literal from an entity, with its language or its datatype", () => {
    const object = (given: object) => objectText({ ...said("s", "p", "4"), ...given });

    expect([object({}), object({ language: "de" }), object({ datatype: "http://www.w3.org/2001/XMLSchema#integer" }), object({ object: "urn:ridethrough:demo:UPS-A", objectIsId: true })]).toEqual([
      "“4”", "“4” @de", "4 integer", "demo:UPS-A",
    ]);
  });
});

describe("a file that is loaded", () => {
  test("its name tells the format and a source's name", () => {
    expect([formatOf("Site 1.TTL"), formatOf("a.b.jsonld"), formatOf("model")]).toEqual(["text/turtle", "application/ld+json", null]);
    expect([sourceNameOf("Site 1 (new).ttl"), sourceNameOf("..hidden.nq")]).toEqual(["site-1-new", "hidden"]);
  });

  test("a refusal is told in the service's own words, a broken answer as no answer", () => {
    expect(refusal(409, '{"title":"too many deletions","detail":"412 facts would go"}').message).toBe("412 facts would go");
    expect(refusal(415, "no format")).toBeInstanceOf(Refused);
    expect(refusal(502, "<html>")).toBeInstanceOf(Away);
  });
});

describe("outcomes", () => {
  test("a node counts once, by its worst medium", () => {
    const outcomes = [row("r1", "REDUCED"), row("r1", "LOST", "m:cooling"), row("r2", "NO_REDUNDANCY"), row("r3", "NO_REDUNDANCY")];

    expect(countNodes(outcomes)).toEqual({ lost: 1, overloaded: 0, noRedundancy: 2, reduced: 0, unaffected: 0 });
    expect(worstOutcomes(outcomes).get("r1")).toBe("LOST");
  });

  test("the table shows the worst first, then by name as people count", () => {
    const outcomes = [row("R10", "LOST"), row("R9", "LOST"), row("R1", "REDUCED")];

    const { rows } = pageOf(outcomes, { outcome: null, kind: null, differ: false, sort: "outcome", descending: false, page: 1 });

    expect(rows.map(({ id }) => id)).toEqual(["R9", "R10", "R1"]);
  });

  test("a page past the end is the last one, and a filter counts only its own", () => {
    const outcomes = Array.from({ length: 250 }, (_, i) => row(`r${i}`, i < 210 ? "LOST" : "REDUCED"));

    const lost = pageOf(outcomes, { outcome: "LOST", kind: null, differ: false, sort: "label", descending: false, page: 9 });

    expect([lost.total, lost.pages, lost.page, lost.rows.length]).toEqual([210, 3, 3, 210 - 2 * ROWS_PER_PAGE]);
  });

  test("the classes with most rows come first", () => {
    expect(kinds([row("a", "LOST", "m", "c:B"), row("b", "LOST", "m", "c:A"), row("c", "LOST", "m", "c:A")])).toEqual([["c:A", 2], ["c:B", 1]]);
  });
});

describe("words", () => {
  test("an IRI reads as a CURIE and as a name", () => {
    expect(compact("https://brickschema.org/schema/Brick/ref#hasExternalReference")).toBe("ref:hasExternalReference");
    expect(expand("brick:UPS")).toBe("https://brickschema.org/schema/Brick#UPS");
    expect(expand("http://a.example/b")).toBe("http://a.example/b");
    expect(localName("urn:ridethrough:demo:UPS-A")).toBe("UPS-A");
    expect(words("https://w3id.org/ridethrough/ontology#Rack_PDU")).toBe("Rack PDU");
  });

  test("a relation is named from the side that it is seen from", () => {
    expect(phrase("https://w3id.org/ridethrough/ontology#feedsPower", "IN")).toBe("fed power by");
    expect(phrase("https://w3id.org/ridethrough/ontology#feedsAirCooling", "OUT")).toBe("feeds air cooling");
    expect(phrase("https://brickschema.org/schema/Brick#isFedBy", "OUT")).toBe("fed by");
  });

  test("a number stands beside its unit, an age beside its value", () => {
    expect([number(23.4), number(1234.5), number(0.1234), number(null)]).toEqual(["23.40", "1\u202f235", "0.123", "–"]);
    expect([symbol("http://qudt.org/vocab/unit/DEG_C"), symbol("http://qudt.org/vocab/unit/FURLONG"), symbol(null)]).toEqual(["°C", "FURLONG", ""]);
    expect([age(0.1), age(2), age(300), age(7200), age(null)]).toEqual(["now", "2 s", "5 min", "2 h", "no age"]);
    expect([kilowatts(41.25), kilowatts(1234.5)]).toEqual(["41.3 kW", "1\u202f235 kW"]);
  });
});

describe("search", () => {
  test("the node of that name comes before those whose name only begins with it", () => {
    const named = (label: string) => ({ id: `urn:x:${label.replace(/ /g, "-")}`, label, class: null });

    const found = ranked([named("UPS A input breaker"), named("Breaker UPS A"), named("UPS A group"), named("UPS A")], "ups-a");

    expect(found.map(({ label }) => label)).toEqual(["UPS A", "UPS A group", "UPS A input breaker", "Breaker UPS A"]);
  });
});

describe("the class tree", () => {
  test("hangs a class under its nearest superclass with members, and skips one that tells nothing more", () => {
    const info = (id: string, count: number, superclasses: string[]): ClassInfo => ({ id, curie: id, label: id, definition: null, count, superclasses, described: true });

    const tree = childrenOf([info("Equipment", 5, []), info("Power", 5, ["Equipment"]), info("UPS", 2, ["Power", "Equipment"]), info("PDU", 3, ["None", "Power"])]);

    expect(tree).toMatchObject([{ info: { id: "Power" }, children: [{ info: { id: "PDU" } }, { info: { id: "UPS" } }] }]);
  });
});

describe("walking the graph", () => {
  const node = (id: string, level: number, x: number) => ({ id, label: id, class: null, level, x, y: level, hidden: 0, down: false, position: null });
  const edge = (source: string, target: string, medium: string | null = "m") => ({ source, target, predicate: "p", medium });
  const view: GraphView = {
    center: "ups", truncated: 0,
    nodes: [node("grid", 0, 0), node("ups", 1, -5), node("other", 1, 5), node("rack", 2, 4), node("rack2", 2, -4), node("room", 3, 0)],
    edges: [edge("grid", "ups"), edge("grid", "other"), edge("ups", "rack"), edge("other", "rack2"), edge("ups", "room", null)],
  };

  test("an arrow goes along the level, and to the joined node of the next one", () => {
    expect(step(view, "ups", "ArrowRight")).toBe("other");
    expect(step(view, "ups", "ArrowLeft")).toBeNull();
    expect(step(view, "ups", "ArrowDown")).toBe("rack");
    expect(step(view, "rack2", "ArrowUp")).toBe("other");
    expect(step(view, null, "ArrowDown")).toBe("ups");
  });

  test("a selected node lights its suppliers, what it supplies, and what it is joined to otherwise", () => {
    expect([...chain(view, "ups")].sort()).toEqual(["grid", "rack", "room", "ups"]);
  });
});

describe("how things stand now", () => {
  const node = (id: string, down = false, position: "open" | "closed" | null = null) => ({ id, label: id, class: null, level: 0, x: 0, y: 0, hidden: 0, down, position });
  const edge = (source: string, target: string, medium: string | null) => ({ source, target, predicate: "p", medium });
  const view: GraphView = {
    center: "ups", truncated: 0, nodes: [node("ups"), node("breaker", false, "closed"), node("rack"), node("hall")],
    edges: [edge("ups", "breaker", "m"), edge("breaker", "rack", "m"), edge("rack", "hall", null), edge("ups", "hall", null)],
  };

  test("a switch that opens and what goes down are renewed; the same answer is the same drawing", () => {
    const now = standingNow(view, [{ id: "breaker", down: false, position: "open" }, { id: "rack", down: true, position: null }]);

    expect(now.nodes.map(({ id, down, position }) => [id, down, position])).toEqual([
      ["ups", false, null], ["breaker", false, "open"], ["rack", true, null], ["hall", false, null],
    ]);
    expect(standingNow(view, view.nodes)).toBe(view);
  });

  test("a line out of an open switch carries nothing, and is missed where its end is down", () => {
    expect(carries(node("ups"), node("breaker", false, "open"))).toBe("something");
    expect(carries(node("bypass", false, "open"), node("board"))).toBe("nothing");
    expect(carries(node("breaker", false, "open"), node("rack", true))).toBe("nothing, and is missed");
  });

  test("what is no supply is drawn for the middle and for the selected node", () => {
    const shown = (around: GraphView, selected: string | null) => linesOf(around, selected).map(({ source, target }) => `${source} ${target}`);

    expect(shown(view, null)).toEqual(["ups breaker", "breaker rack", "ups hall"]);
    expect(shown(view, "rack")).toEqual(["ups breaker", "breaker rack", "rack hall", "ups hall"]);
  });
});

describe("refusals", () => {
  test("the names that the service suggests are parted from its reason", () => {
    expect(mayMean("no entity 'x' in revision 1; did you mean demo:A or demo:B?")).toEqual(["no entity 'x' in revision 1.", ["demo:A", "demo:B"]]);
    expect(mayMean("failed has 0 ids")).toEqual(["failed has 0 ids", []]);
  });
});

describe("places", () => {
  const node = (id: string, level: number, x: number) => ({ id, label: id, class: null, level, x, y: level * 100, hidden: 0, down: false, position: null });

  test("the source is on top, and a level shares the width in the server's order", () => {
    const at = places([node("grid", 0, 0), node("b", 1, 60), node("a", 1, 0), ...[4, 3, 2, 1, 0].map((i) => node(`r${i}`, 2, i * 9_000))], 2);

    // one node: the middle of 2; two: 0.24 of the width apart around it; five: a fifth of the width each
    expect(at.get("grid")).toEqual([1, -0]);
    expect([at.get("a"), at.get("b")]).toEqual([[2 * 0.38, -0.5], [2 * 0.62, -0.5]]);
    expect([0, 1, 2, 3, 4].map((i) => at.get(`r${i}`)?.[0]?.toFixed(6))).toEqual(["0.200000", "0.600000", "1.000000", "1.400000", "1.800000"]);
  });

  test("a crowded level makes its nodes smaller", () => {
    const hundred = Array.from({ length: 100 }, (_, i) => node(`${i}`, 1, i));

    expect([...room([node("a", 0, 0), ...hundred], 800)]).toEqual([[0, 1], [1, 800 / 100 / 16]]);
  });
});
