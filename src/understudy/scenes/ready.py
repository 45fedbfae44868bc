"""Ready-made descriptions of scenes."""

from __future__ import annotations

from pathlib import Path

from understudy.data.ready_made import ReadyMade

_READY = ReadyMade(Path(__file__).parent / "specs", "scenes")
ready_names, ready_made, bare_name = _READY.names, _READY.file, _READY.bare_name
