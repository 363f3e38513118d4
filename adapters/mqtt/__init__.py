"""MQTT: messages of a broker become raw samples of the points that name their topics; never a unit, a quality rule or another wire."""
