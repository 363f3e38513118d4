"""A synthetic data center to look at: its model and its plant, made up from a seed; nothing in it was measured on a real site."""
