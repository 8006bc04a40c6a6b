"""What every request passes through: one file, one concern; the order stands in ``web/app.py``."""
