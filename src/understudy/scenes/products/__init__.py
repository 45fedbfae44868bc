"""Goods on turntables, in clutter and on shelves, for visual search."""
