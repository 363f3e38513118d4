"""Switching procedures: steps run against the twin, what each costs, and an order that is safe; it never operates anything."""
