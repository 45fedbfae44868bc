"""Parametric things that scenes are made of."""
