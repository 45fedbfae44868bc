"""Texts from counts of words in context, plain and under differential privacy.

| file | holds |
|---|---|
| `model.py` | `NgramText` |
| `levels.py` | contexts and what follows them, from long to short |
| `sampling.py` | texts drawn word by word |
| `choosing.py` | which of several texts is kept |
| `private.py` | counts with noise, and what that promises |
"""
