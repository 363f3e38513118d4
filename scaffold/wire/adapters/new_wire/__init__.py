"""The NewWire wire: what devices say to readings, bound by the graph's references; never a rule of the domain."""
