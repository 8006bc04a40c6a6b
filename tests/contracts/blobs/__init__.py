"""Contract suite of the blob port: the same promises, kept by every engine."""
