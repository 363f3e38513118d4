"""The history of readings: it knows how samples are kept, sorted, rolled up and asked for; never a wire, a graph or a face."""
