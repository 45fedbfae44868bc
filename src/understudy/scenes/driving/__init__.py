"""Driving: roads with traffic, as the cameras and sensors of a car see them."""
