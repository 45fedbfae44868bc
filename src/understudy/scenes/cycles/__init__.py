"""Path-traced pictures by Blender's Cycles, in a process of its own (extra `cycles`: Blender as a module, GPL-3.0)."""
