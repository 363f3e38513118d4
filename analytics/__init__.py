"""Questions over a snapshot, answered with frozen values and the path that explains them; never a store, a clock, a socket or a change."""
