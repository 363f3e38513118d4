"""The ledger: the one writer of the twin, what it lets in, and the way to look back."""
