"""Virtual points: what a formula over points and the graph says and stands on; never a clock, a wire or a thread."""
