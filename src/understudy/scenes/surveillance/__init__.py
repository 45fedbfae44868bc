"""Surveillance: fixed cameras over squares, car parks and rooms."""
