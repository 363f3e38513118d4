"""Every failure of a site in turn: what each takes down, which pairs are worse than their parts, what a load hangs by; no wire."""
