"""Prometheus' query API over points and metrics of our own: it knows the language, and where samples are; it never knows a chart."""
