"""The DSX Exchange BMS bus (NVIDIA, AsyncAPI, BMS Event Bus 1.0.0): topics, metadata, values, heartbeats and requests; never a socket."""
