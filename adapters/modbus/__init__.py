"""Modbus TCP: registers to readings and commands to registers, bound by the graph's references; never a rule about what may be written."""
