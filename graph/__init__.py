"""The twin itself: its values, changes, revisions and columns, and the ports it is kept through; never a question about failure or wires."""
