"""The reference pages say what the code says: every setting, verb, option, type, field and argument."""

from __future__ import annotations

import pytest

from docs.generate import FOLDER, PAGES


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_reference_page_is_current(name: str) -> None:
    """When this fails: `./dev docs`."""
    assert (FOLDER / name).read_text() == PAGES[name]()
