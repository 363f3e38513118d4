"""The flows that run the twin, the bus between them, the settings, the command line, and the one place that puts the house together."""
