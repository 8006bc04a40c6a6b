"""The RFC 6962 tree, its checkpoints and their log."""
