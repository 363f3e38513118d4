"""One mutation, one file: each turns an input into a command of the domain and its answer back; never a rule of its own."""
