"""The wires, one folder each, that turn what devices and tools say into the twin's values and back; no wire knows another."""
