"""Knows what an operator reads on one page before a shutdown, as values; never how the page looks."""
