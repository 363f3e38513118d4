"""The GraphQL face: it translates and hands over; never Cypher, never a rule, never a device."""
