"""Texts as rows of tables: what they are made of, the columns of conversations and marked spans, and the formats that training tools read.

| file | holds |
|---|---|
| `pieces.py`, `fills.py` | texts as pieces, and what stands for what must not be repeated |
| `scrubbing.py`, `alike.py` | personal data in free text; texts that are nearly the same |
| `corpus.py`, `ngram/` | a column of texts as a learner may see it; counts of words in context |
| `relating.py` | which columns of a row a text goes with |
| `records.py`, `exporting/` | nested columns and their checks; formats |
"""
