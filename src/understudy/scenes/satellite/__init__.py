"""Worlds seen from above: cities, fields, ports and coasts at a set ground sampling distance, in the bands of a sensor."""
