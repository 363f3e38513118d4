"""The HTTP wire: readings in, values and history out, queries in Prometheus' language, metrics; it never knows a rule of the domain."""
