"""Where the twin is kept: one module for each store, all alike behind `graph.ports.TwinStore`; never a reader of the graph's meaning."""
