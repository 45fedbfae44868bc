"""Path-traced pictures by Mitsuba 3 (extra `mitsuba`)."""
