"""Knows what a one-line diagram of the affected part of a supply chain shows and where; never how it is drawn, nor what is asked for."""
