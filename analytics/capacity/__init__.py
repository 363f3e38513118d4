"""Power under load: who carries how much, what is above its limit, and what trips when the load moves; it never asks a device."""
