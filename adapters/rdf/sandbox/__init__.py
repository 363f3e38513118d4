"""What parses and queries on the word of others: the jobs of a process that forks, what they give up, and the door to them."""
