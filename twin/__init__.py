"""The flows that run the twin (ingest, control, sync), the bus between them, settings, command line, and the one place that puts the house together."""
