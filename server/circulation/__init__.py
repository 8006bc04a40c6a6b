"""Circulation: documents sent between bodies, what each recipient did with them, and the proof of it."""
