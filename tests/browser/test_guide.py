"""The explorer's guide tells every key and every parameter that the explorer has."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "explorer.md").read_text(encoding="utf-8")
CORE = ROOT / "explorer" / "src" / "core"


def test_the_guide_lists_every_key() -> None:
    """Each key of the table that the handler obeys stands in the guide."""
    keys = re.findall(r'keys: \[([^\]]*"[^\]]*|"\]"|"\["|[^\]]*)\]', (CORE / "keys.ts").read_text(encoding="utf-8"))
    named = [key for group in keys for key in re.findall(r'"([^"]+)"', group)]

    assert len(named) >= 22
    assert [key for key in named if f"`{key}`" not in GUIDE] == []


def test_the_guide_lists_every_parameter_of_an_address() -> None:
    """Each name that the address codec writes stands in the guide."""
    named = re.findall(r'put\("(\w+)"', (CORE / "url.ts").read_text(encoding="utf-8"))

    assert len(named) == 27
    assert [name for name in named if f"`{name}`" not in GUIDE] == []
