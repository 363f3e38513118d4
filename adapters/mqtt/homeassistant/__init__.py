"""Home Assistant discovery over MQTT, read: what devices announce becomes points of a source of its own; nothing is ever said."""
