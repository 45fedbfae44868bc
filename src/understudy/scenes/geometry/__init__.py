"""Shapes and how they move."""
