"""JSON under ``/api/v1``: one file a room; each exports ``ROUTES``."""
