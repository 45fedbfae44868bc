"""Formats of traffic: what happened, without pictures."""
