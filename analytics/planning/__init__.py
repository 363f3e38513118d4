"""Planning: how available a load is and where a new one fits; it reads a revision and changes nothing."""
