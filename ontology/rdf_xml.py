"""RDF/XML as XML, before its own parser sees it: well-formed and without a document type, by expat, whose word on both is final."""

from __future__ import annotations

from xml.parsers import expat

from ontology.errors import RdfError


def check_xml(name: str, data: bytes, parser: expat.XMLParserType | None = None) -> None:
    """See that a document is well-formed XML, to the end, and declares no document type, which can define entities that name other files or
    grow without bound; RDF/XML needs none. `parser` may have handlers of the caller's. Raises `RdfError`. Cost: one pass."""
    parser = parser or expat.ParserCreate()

    def document_type(*_: object) -> None:
        line, column = parser.CurrentLineNumber, parser.CurrentColumnNumber + 1
        raise RdfError(name, line, column, "it declares a document type", "remove <!DOCTYPE …> and write its entities out")

    parser.StartDoctypeDeclHandler = document_type
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        reason = f"it is no well-formed XML: {expat.ErrorString(error.code)}"
        raise RdfError(name, error.lineno, error.offset + 1, reason, "correct this place") from error
    except ValueError as error:  # an encoding that is declared and not known
        raise RdfError(name, 1, 1, f"its encoding is not taken: {error}", "save the file as UTF-8") from error
