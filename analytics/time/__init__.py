"""Time to impact: what stored energy, water and air carry on for how long, what starts when, and what that makes of a failure."""
