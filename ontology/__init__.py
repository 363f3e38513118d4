"""What may exist: Brick 1.5 and the data-center extension, units, shapes, RDF syntax; never a store, a socket or a live value."""
