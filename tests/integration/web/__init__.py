"""The HTTP edge with the whole product behind it."""
