"""The public side of results: a code or a file in, what is proved about it out."""
