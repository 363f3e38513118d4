"""Proofs over a whole site: everything out in turn, the IT load kept, with a certificate or the smallest counter-example; no wire."""
