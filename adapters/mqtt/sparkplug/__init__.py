"""Sparkplug B 3.0 over MQTT: edge nodes and their devices become readings of the points that name their metrics; never a socket."""
