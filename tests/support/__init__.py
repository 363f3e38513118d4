"""Real servers and tools that tests start, each ended by its own process id."""
