"""Counts of words in context, and texts drawn from them: for texts by themselves, and for columns of tables.

| file | holds |
|---|---|
| `levels.py` | contexts and what follows them, from long to short |
| `sampling.py` | texts drawn word by word, each row by itself |
| `choosing.py` | which of several texts is kept |
"""
