"""Knows how the one-page report looks, as HTML and SVG that stand alone; never what is on it, nor who asks for it."""
