"""RDF files: every real model reads, or is refused with file, line, reason and remedy; what is written reads back as the same dataset."""

from __future__ import annotations

import io
from pathlib import Path

import pyoxigraph as ox
import pytest

from ontology.errors import RdfError
from ontology.rdf import FORMATS, canonical_hash, format_of, read, read_stream, write
from ontology.sources import source_graph
from ontology.terms import QuadBlock, is_blank

MODELS = Path(__file__).parents[2].parent / "shared" / "data" / "models"
SYNTAXES = ("turtle", "ntriples", "nquads", "trig", "jsonld", "rdfxml")

# what a strict parser must refuse: file, line, column, reason, remedy
REFUSED = {
    "brick-example-server/examples/data/bldg.ttl": (
        51,
        19,
        "The prefix unit: has not been declared",
        "@prefix unit: <http://qudt.org/vocab/unit/>",
    ),
}


def models() -> list[str]:
    return sorted(str(path.relative_to(MODELS)) for path in MODELS.rglob("*.ttl")) if MODELS.is_dir() else []


def turtle(text: str, source: str = "test", name: str = "given.ttl", syntax: str = "turtle") -> QuadBlock:
    return read_stream(io.BytesIO(text.encode()), name=name, format=syntax, source=source)


def written(block: QuadBlock, syntax: str, default_graph: str | None = None) -> bytes:
    out = io.BytesIO()
    write(block, syntax, out, default_graph=default_graph)
    return out.getvalue()


@pytest.mark.parametrize("name", models())
def test_a_real_model_reads_and_survives_every_syntax_or_is_refused(name: str) -> None:
    """Canonical hashes after RDFC-1.0 are equal after write and read; a second write gives the same bytes."""
    if name in REFUSED:
        line, column, reason, remedy = REFUSED[name]
        with pytest.raises(RdfError) as refusal:
            read(MODELS / name, source="model")
        assert (refusal.value.file, refusal.value.line, refusal.value.column) == (str(MODELS / name), line, column)
        assert reason in refusal.value.reason
        assert remedy in refusal.value.remedy
        return

    block = read(MODELS / name, source="model")
    own = source_graph("model")

    assert len(block) > 0
    for syntax in SYNTAXES:
        first = written(block, syntax, own)
        again = read_stream(io.BytesIO(first), name="again", format=syntax, source="model")
        assert canonical_hash(again) == canonical_hash(block), syntax
        assert set(again) == set(block), syntax
        assert written(again, syntax, own) == first, syntax


def test_the_list_of_refused_models_names_files_that_are_there() -> None:
    """A file that has gone would make the list lie."""
    if not MODELS.is_dir():
        pytest.skip(f"the shared test data is not at {MODELS}")
    assert set(REFUSED) <= set(models())


BARE = "<http://ex.org/100%[a]> <urn:p:p> <http://ex.org/%zz> ."


@pytest.mark.parametrize("syntax", ["turtle", "trig", "ntriples", "nquads"])
def test_an_iri_that_the_syntax_lets_stand_is_kept_as_it_is(syntax: str) -> None:
    """RFC 3987 forbids a bare per cent sign and brackets; real models have them. The canonical hash is that of the text."""
    block = turtle(f'{BARE} <urn:a> <urn:p:p> "x"@en-US, "1"^^<urn:d%> .' if syntax in {"turtle", "trig"} else BARE, syntax=syntax)
    out = io.BytesIO()
    write(block, syntax, out, default_graph=source_graph("test"))

    assert {"http://ex.org/100%[a]", "http://ex.org/%zz"} < set(block.terms)
    assert set(turtle(out.getvalue().decode(), syntax=syntax)) == set(block)
    assert syntax != "ntriples" or BARE in out.getvalue().decode()


@pytest.mark.parametrize(
    "text",
    [
        "@prefix a: <urn:a:> . a:%2 <urn:p:p> <urn:100%> .",
        "<urn:100%> <urn:p:p> <urn:a b> .",
        "<urn:100%> <urn:p:p> <urn:a{b}> .",
        "<urn:100%> <urn:p:p> <relative> .",
        '<urn:100%> <urn:p:p> "x"@much-toolongasasubtag .',
        "<urn:100%> <urn:p:p> <urn:\\u0020> .",
    ],
)
def test_what_the_syntax_forbids_is_refused_beside_an_odd_iri_too(text: str) -> None:
    """An odd IRI opens the door for itself alone."""
    with pytest.raises(RdfError):
        turtle(text)


def test_the_refusal_beside_an_odd_iri_names_the_one_that_cannot_be() -> None:
    """With its line."""
    with pytest.raises(RdfError) as refusal:
        turtle("<urn:100%> <urn:p:p> 1 .\n<urn:a> <urn:p:p> <urn:x`y> .")

    assert (refusal.value.line, "%60" in refusal.value.remedy) == (2, True)


@pytest.mark.parametrize("iri", ["http://ex.org/a b", "relative", "urn:a:{b}"])
def test_json_ld_loses_nothing_for_an_iri_that_cannot_be(iri: str) -> None:
    """Its processors drop such a statement without a word."""
    with pytest.raises(RdfError, match="IRI"):
        turtle(f'[{{"@id": "urn:a", "urn:p": {{"@id": "{iri}"}}}}]', syntax="jsonld")


def test_a_files_facts_stand_in_its_sources_graph_and_named_graphs_stay() -> None:
    """The default graph of a file is the graph of its source."""
    block = turtle("<urn:a> <urn:p> <urn:b> . <urn:g> { <urn:a> <urn:p> 'x'@de-AT }", syntax="trig")

    assert list(block) == [
        ("urn:a", "urn:p", "urn:b", "urn:ridethrough:source:test"),
        ("urn:a", "urn:p", '"x"@de-AT', "urn:g"),
    ]


def test_a_fact_said_twice_is_one_quad() -> None:
    """A graph is a set."""
    assert len(turtle("<urn:a> <urn:p> 1, 1, 01 .")) == 2


def test_blank_nodes_have_the_same_keys_when_read_again_and_others_in_another_source() -> None:
    """By first appearance within the source: labels of the file do not matter, and two files never share a node."""
    one = turtle("_:x <urn:p> [ <urn:q> _:x ] .")
    same = turtle("_:y <urn:p> [ <urn:q> _:y ] .")
    other = turtle("_:x <urn:p> [ <urn:q> _:x ] .", source="other")

    assert list(one) == list(same)
    assert {t for t in one.terms if is_blank(t)}.isdisjoint(other.terms)


def test_what_was_exported_keeps_its_blank_nodes_when_it_is_read_again() -> None:
    """A new node that an editor adds at the top takes a free number; those that were there keep theirs."""
    block = turtle("<urn:a> <urn:p> [ <urn:q> 1 ] , [ <urn:q> 2 ] .")
    text = "[] <urn:new> 3 .\n" + written(block, "ntriples").decode()

    edited = turtle(text)
    from_another_file = read_stream(io.BytesIO(text.encode()), name="other.nt", format="turtle", source="test", scope="test/other.nt")
    in_another_source = turtle(text, source="other")

    assert set(block) < set(edited)
    assert len({t for t in edited.terms if is_blank(t)}) == 3
    assert set(block) < set(from_another_file)
    assert {t for t in block.terms if is_blank(t)}.isdisjoint(in_another_source.terms)


def test_lexical_forms_datatypes_and_languages_survive() -> None:
    """A twin that exported 1.50 as 1.5 would not be lossless."""
    text = """<urn:a> <urn:p> "01"^^<http://www.w3.org/2001/XMLSchema#integer>, 1.50, "x"@en-US, "a\\nb\\"c", "" ,
        "0F"^^<http://www.w3.org/2001/XMLSchema#hexBinary>, "P1D"^^<urn:my:duration>, true ."""
    block = turtle(text)

    for syntax in SYNTAXES:
        assert set(turtle(written(block, syntax, source_graph("test")).decode(), syntax=syntax)) == set(block), syntax


def test_named_graphs_are_kept_where_the_syntax_has_them_and_merged_where_not() -> None:
    """N-Quads, TriG and JSON-LD keep them."""
    block = QuadBlock.of([("urn:a", "urn:p", "urn:b", "urn:g1"), ("urn:a", "urn:p", "urn:b", "urn:g2")])

    assert written(block, "turtle") == b"<urn:a> <urn:p> <urn:b> .\n"
    for syntax in ("nquads", "trig", "jsonld"):
        assert set(turtle(written(block, syntax).decode(), syntax=syntax)) == set(block), syntax


def test_known_prefixes_are_used_and_only_those_needed() -> None:
    """A person reads an export."""
    text = written(turtle("@prefix b: <https://brickschema.org/schema/Brick#> . <urn:a> a b:CRAH ."), "turtle").decode()

    assert text == "@prefix brick: <https://brickschema.org/schema/Brick#> .\n\n<urn:a> a brick:CRAH .\n"


@pytest.mark.parametrize(
    ("text", "syntax", "place", "reason", "remedy"),
    [
        ("\n<urn:a> <urn:b> <urn:c d> .", "turtle", (2, 17), "Invalid IRI code point ' '", "%20"),
        ("<urn:a> <urn:b> my:c .", "turtle", (1, 17), "The prefix my: has not been declared", "@prefix my: <…>"),
        ("<a> <urn:b> 1 .", "turtle", (1, 1), "No scheme found", "@base"),
        ("<urn:a> <urn:b> 'x' ; ", "turtle", (1, 23), "Unexpected end", "full stop"),
        ("<urn:a> <urn:b> 'x'@_ .", "turtle", (1, 0), "", ""),
        ("<urn:a> <urn:b> .", "ntriples", (1, 0), "", "it is no ntriples"),
        ('{"@context": "http://example.org/context.jsonld"}', "jsonld", (0, 0), "contexts are never fetched", "copy the context's content"),
        ("<rdf:RDF>\n<a></b>", "rdfxml", (2, 0), "", ""),
        (
            '<?xml version="1.0"?>\n<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n<r/>',
            "rdfxml",
            (2, 13),
            "document type",
            "remove",
        ),
        ('\n<!doctype r [<!ENTITY a "b">]><r/>', "rdfxml", (2, 1), "no well-formed XML", ""),
        (' <?xml version="1.0"?><r/>', "rdfxml", (1, 2), "no well-formed XML", ""),
        ('<?xml version="1.0" encoding="utf-7"?><r/>', "rdfxml", (1, 1), "encoding", "UTF-8"),
        ("<urn:a> <urn:b> <<( <urn:a> <urn:b> <urn:c> )>> .", "turtle", (0, 0), "RDF 1.2", "RDF 1.1"),
    ],
)
def test_a_broken_file_is_refused_with_its_place_reason_and_remedy(
    text: str, syntax: str, place: tuple[int, int], reason: str, remedy: str
) -> None:
    """Where the parser tells a place, it is told; a column of 0 here: any."""
    with pytest.raises(RdfError) as refusal:
        turtle(text, syntax=syntax)

    error = refusal.value
    assert error.line == place[0]
    assert place[1] in (0, error.column)
    assert reason in error.reason
    assert remedy in error.remedy
    assert str(error).startswith("given.ttl")


def test_bytes_that_are_no_utf8_are_refused() -> None:
    """A Latin-1 file would otherwise become other names."""
    with pytest.raises(RdfError, match="UTF-8"):
        read_stream(io.BytesIO(b"<urn:a> <urn:b> 'gr\xfc\xdf' ."), name="latin.ttl", format="turtle", source="x")


def test_a_file_that_is_missing_or_has_no_rdf_ending_is_refused(tmp_path: Path) -> None:
    """Before anything is read."""
    with pytest.raises(RdfError, match=r"gone\.ttl.*check the path"):
        read(tmp_path / "gone.ttl", source="x")
    with pytest.raises(RdfError, match=r"'\.csv' is none of RDF's"):
        format_of(Path("model.csv"))


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    """Quads so far, bytes so far, bytes in all."""
    path = tmp_path / "long.nt"
    path.write_text("".join(f"<urn:a> <urn:p> <urn:o{n}> .\n" for n in range(120_000)))
    told: list[tuple[int, int, int]] = []

    block = read(path, source="x", progress=lambda quads, done, size: told.append((quads, done, size)))

    size = path.stat().st_size
    assert len(block) == 120_000
    assert [quads for quads, _, _ in told] == [0, 50_000, 100_000, 120_000]
    assert told[-1] == (120_000, size, size)


def test_the_canonical_hash_depends_on_the_dataset_alone() -> None:
    """Not on blank node labels, not on order; but on graphs."""
    one = QuadBlock.of([("_:a", "urn:p", "_:b", "urn:g"), ("_:b", "urn:p", '"1"', "urn:g")])
    same = QuadBlock.of([("_:y", "urn:p", '"1"', "urn:g"), ("_:z", "urn:p", "_:y", "urn:g")])
    moved = QuadBlock.of([("_:a", "urn:p", "_:b", "urn:h"), ("_:b", "urn:p", '"1"', "urn:h")])

    assert canonical_hash(one) == canonical_hash(same) != canonical_hash(moved)


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    """Some editors begin a file with one; it means nothing in RDF."""
    marked = tmp_path / "marked.nt"
    marked.write_bytes(b"\xef\xbb\xbf<urn:a> <urn:b> <urn:c> .\n")

    assert [quad[:3] for quad in read(marked, source="x")] == [("urn:a", "urn:b", "urn:c")]


ODD = {
    "crlf and a base with relative names": b"@base <http://a.example/x/y> .\r\n<z> <../p> <#f> , <?q> , </r> ; a <> .\r\n",
    "a base that changes": b"@base <urn:a:b> . <#x> <urn:p:p> 1 . BASE <http://b.example/> <c> <urn:p:p> <d> .",
    "prefixes with odd names": "PREFIX a.b-c: <urn:x:> @prefix : <urn:d#> . @prefix \u00e9: <urn:e/> . a.b-c:a :b \u00e9:c.d . ".encode(),
    "escapes in short names": rb"@prefix p: <urn:p/> . p:a\,b\~c%20d p:q p:\(x\) , p:0 , p:\-x .",
    "names in unicode and by per cent": "<http://ex.org/\u4e2d\u6587#\u00fc> <urn:p:p> <http://ex.org/%E4%B8%AD?q=a%20b#%C3%BC> .".encode(),
    "names with escapes of unicode": rb"<http://ex.org/\u00fc> <urn:p:\U0001F600> <urn:o:o> .",
    "a text of a million signs": b"<urn:a:a> <urn:p:p> '''" + b"long \n\"' " * 100_000 + b"''' .",
    "long quotes with quotes in them": b'<urn:a:a> <urn:p:p> """a"b""c\\"""" , ' + b"'''x'y''z''' .",
    "texts with every control character": rb'<urn:a:a> <urn:p:p> "\b\f\t\n\r\u0000\u001F\u007F\uFFFE" .',
    "an anonymous thing in itself, lists in lists": b"[ <urn:p:p> ( 1 ( ) ( [ ] 2.0 3e0 ) ) ] <urn:p:q> [] .",
    "half a list, and a thing that points at itself": b"PREFIX r: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> "
    b"<urn:l:l> r:first 1 . _:x r:rest _:x .",
    "a type that is a text, texts of many types": b"PREFIX x: <http://www.w3.org/2001/XMLSchema#> "
    b"<urn:a:a> a 'x' ; <urn:p:p> 'x', 'x'^^x:token, 'x'@en .",
    "an empty file": b"",
    "nothing but a comment": b"# nothing",
}
ODD_SETS = {
    "graphs with blank names": b"_:g { _:g <urn:p:p> _:h } <urn:a:a> <urn:in:graph> _:g .",
    "an empty graph": b"<urn:g:g> { } <urn:a:a> <urn:p:p> 1 .",
    "one fact in three graphs": b"<urn:a:a> <urn:p:p> 1 . <urn:g:g> { <urn:a:a> <urn:p:p> 1 } GRAPH _:g { <urn:a:a> <urn:p:p> 1 }",
}


@pytest.mark.parametrize("marked", [False, True], ids=["plain", "with a byte order mark"])
@pytest.mark.parametrize("name", [*ODD, *ODD_SETS])
def test_what_is_odd_but_allowed_comes_back_in_every_syntax_that_can_hold_it(name: str, marked: bool) -> None:
    """Compared with what the parser alone makes of the file, by canonical hash."""
    text, syntax = (ODD[name], "turtle") if name in ODD else (ODD_SETS[name], "trig")
    expected = canonical(text, "trig")
    own = source_graph("odd")

    block = read_stream(io.BytesIO(b"\xef\xbb\xbf" * marked + text), name=name, format=syntax, source="odd")

    for target in ("nquads", "trig", "jsonld") if name in ODD_SETS else SYNTAXES:
        if target == "rdfxml" and "control" in name:  # which XML cannot hold
            continue
        assert canonical(written(block, target, own), target) == expected, target


def canonical(text: bytes, syntax: str) -> list[str]:
    dataset = ox.Dataset(ox.parse(text, format=FORMATS[syntax]))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(map(str, dataset))


TAGS = {
    "turtle": rb"""# "no tag"@EN
<urn:a:a> <urn:p:p#x> "plain"@en-US, 'in quotes "a"@DE'@en-GB-x-Me , '''long "x"@FR
 \' line'''@zh-Hans-CN , "\\"@DE, "no tag \"@EN" , "end"@en . <urn:a:it's> <urn:p:p> "<"@Nl . """,
    "jsonld": rb"""{"@id": "urn:a:a", "urn:p:p": [
{"@value": "x \"@language\": \"EN\"", "@language": "en-US"}, {"@value": "y", "@language" : "DE"}]}""",
    "rdfxml": b"""<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:p="urn:p:" xml:lang='de-AT'>
<r:Description r:about="urn:a:a"><p:p xml:lang="en-US">no xml:lang="EN" here</p:p><p:p>gr\xc3\xbcn</p:p></r:Description></r:RDF>""",
}
TEXTS = {
    "turtle": {
        '"plain"@en-US',
        """"in quotes "a"@DE"@en-GB-x-Me""",
        """"long "x"@FR\n ' line"@zh-Hans-CN""",
        '"\\"@DE',
        '"no tag "@EN"',
        '"end"@en',
        '"<"@Nl',
    },
    "jsonld": {'"x "@language": "EN""@en-US', '"y"@DE'},
    "rdfxml": {'"no xml:lang="EN" here"@en-US', '"gr\u00fcn"@de-AT'},
}


@pytest.mark.parametrize("syntax", TAGS)
def test_a_language_tag_comes_back_in_the_case_in_which_it_was_written(syntax: str) -> None:
    """In every syntax, though the parser knows them in lower case only; what only looks like a tag is let alone."""
    block = read_stream(io.BytesIO(TAGS[syntax]), name="tags", format=syntax, source="test")

    assert {quad[2] for quad in block} == TEXTS[syntax]
    for target in SYNTAXES:
        assert set(turtle(written(block, target, source_graph("test")).decode(), syntax=target)) == set(block), target


def test_a_tag_that_cannot_be_marked_is_read_in_lower_case_and_a_broken_file_is_told_as_it_stands() -> None:
    """The place of an error is that of the file, not of what was made of it."""
    old = turtle("<urn:a:a> <urn:p:p> 'x'@i-Klingon .")
    with pytest.raises(RdfError) as refusal:
        turtle("<urn:a:a> <urn:p:p> 'x'@en-US, <urn:b c> .")

    assert {quad[2] for quad in old} <= {'"x"@i-klingon', '"x"@i-Klingon'}
    assert (refusal.value.line, refusal.value.column) == (1, 32)
