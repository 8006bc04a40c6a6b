"""HTML pages: one file a room; each exports ``PAGES``."""
