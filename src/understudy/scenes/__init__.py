"""Simulated images and video whose labels are exact, because they come from the scene and not from the picture."""
