"""The icons, read once from ``web/icons.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path


def load() -> dict[str, str]:
    """Return name -> the inside of the SVG."""
    icons = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {name: str(shape) for name, shape in icons.items()}


ICONS = load()
