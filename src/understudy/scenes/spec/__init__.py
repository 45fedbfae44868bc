"""Scenes described: values that vary, what goes wrong now and then, and what must hold."""
