"""GraphQL for the failure engine: one file a subject, from the frozen results of the analytics room; no rule of its own."""
