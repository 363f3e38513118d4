"""What hangs by a single failure as things stand, kept up to date switch by switch, and what has just changed of it; no clock, no wire."""
