"""What can go wrong with RDF, units and the vocabulary; each says what, where, why and what to do."""

from __future__ import annotations


class OntologyError(Exception):
    """The root of this room's errors."""


class RdfError(OntologyError):
    """A file that is not the RDF it should be: file, line and column (counted from 1; 0 when unknown), reason, remedy."""

    def __init__(self, file: str, line: int, column: int, reason: str, remedy: str) -> None:
        self.file = file
        self.line = line
        self.column = column
        self.reason = reason
        self.remedy = remedy
        place = f"{file}:{line}:{column}" if line else file
        super().__init__(f"{place}: {reason}: {remedy}")


class TooDeep(RdfError):
    """A document that nests deeper than it may."""


class UnitError(OntologyError):
    """A unit that is not known, or two units that measure different things."""
