"""The twin itself: its values, changes, revisions and columns, and its ports; never a question about failure, never wires."""
