"""Bodies, their units, posts and who holds them, and who may sign for whom. Everything has dates."""
