"""What nests too deeply for a parser is refused before the parser sees it; brackets in texts, names and comments do not count."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from ontology import depth
from ontology.depth import check_depth
from ontology.errors import TooDeep
from ontology.rdf import DEPTH_MAX

DEEP = {
    "nt": b"<urn:a> <urn:p> " + b"<<( <urn:a> <urn:p> " * 20_000 + b"<urn:o>" + b" )>>" * 20_000 + b" .\n",
    "ttl": b"<urn:a> <urn:p> " + b"[<urn:p> " * 20_000 + b"1" + b"]" * 20_000 + b" .\n",
    "jsonld": b'{"urn:p":' * 20_000 + b'"x"' + b"}" * 20_000,
    "rdf": b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="urn:e#">'
    + b"<e:A><e:p>" * 20_000
    + b"</e:p></e:A>" * 20_000
    + b"</r:RDF>",
}
MEASURED = [
    ("turtle", b'<urn:a> <urn:p> ( """ ( ( \n ( \\""" """ ( "]" ) ) .\n# ((((\n', 2),
    ("turtle", b"<urn:a(> <urn:p> [ <urn:p> ''' [\n[\n ''' , 'a [' ; <urn:q> [] ] .\n", 2),
    ("turtle", b'<urn:a> <urn:p> ( "a text that does not end (\n ( ( ) ) ) .\n', 3),
    ("turtle", b'<urn:a> <urn:p> ( """a long text that does not end (\n ( ( ) ) ) .\n', 1),
    ("jsonld", b'{"a": ["[[", {\n"b\\"[": []}],\n"c": {}}', 4),
    ("ntriples", b"<urn:a> <urn:p> '<<(' .\n<urn:a> <urn:p> <<( <urn:a> <urn:b> <urn:c> )>> .\n<urn:a> <urn:b> <urn:c> .\n", 3),
]


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
@pytest.mark.parametrize(("kind", "document", "deep"), MEASURED)
def test_a_document_nests_as_deep_however_it_is_read(
    kind: str, document: bytes, deep: int, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte by byte or at once; afterwards it can be read from where it was."""
    monkeypatch.setattr(depth, "_PIECE", piece)
    stream = io.BytesIO(b"...." + document)
    stream.seek(4)

    check_depth("d", stream, kind, deep)

    assert stream.read() == document
    stream.seek(4)
    with pytest.raises(TooDeep, match=f"d: nesting {deep} deep, where {deep - 1} is the most: give inner nodes names of their own"):
        check_depth("d", stream, kind, deep - 1)


@pytest.mark.parametrize("ending", DEEP)
def test_a_file_that_nests_without_end_is_refused_by_name_and_limit(ending: str, tmp_path: Path) -> None:
    """On the command line: the process that loads tells what is wrong, where its parser would have ended it without a word."""
    (tmp_path / f"deep.{ending}").write_bytes(DEEP[ending])
    command = [str(Path(sys.executable).with_name("ridethrough")), "load", f"deep.{ending}", "--data", "twin.sqlite"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)

    assert f"deep.{ending}: nesting" in done.stderr, done
    assert f"where {DEPTH_MAX:,} is the most: give inner nodes names of their own" in " ".join(done.stderr.split())
    assert done.returncode in (1, 2)
