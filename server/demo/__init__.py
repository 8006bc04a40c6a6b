"""The demo: a fictional province, and the main job through the HTTP API with every step printed."""
