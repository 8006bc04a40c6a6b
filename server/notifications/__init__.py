"""Notices in the application: what happened that waits for a post or a role, and who has read it."""
