"""Modbus TCP: registers become raw samples and commands become writes, by the references in the graph; never a rule about what may be written."""
