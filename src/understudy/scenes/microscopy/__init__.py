"""Stained blood smears under a light microscope. Drawn cells, of no person; not for diagnosis."""

NOTICE = "Synthetic cells: drawn shapes, no person's blood, not for diagnosis."
