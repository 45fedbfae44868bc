"""Where a user's own files lie that no command names: what can be made again (cache), what is wished (config), and what
happened here (state)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

_PLACES = {"cache": ("XDG_CACHE_HOME", ".cache"), "config": ("XDG_CONFIG_HOME", ".config"), "state": ("XDG_STATE_HOME", ".local/state")}


def user_folder(kind: Literal["cache", "config", "state"]) -> Path:
    """The user's folder of a kind for this program; it may not be there yet (XDG base directories, 0.8)."""
    variable, fallback = _PLACES[kind]
    stated = os.environ.get(variable)
    return (Path(stated) if stated else Path.home() / fallback) / "understudy"
