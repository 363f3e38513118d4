"""Standard RDF protocols over HTTP: SPARQL, the Graph Store Protocol, change feed and reports; knows the ledger, no store, no device."""
