"""Texts from counts of words in context, plain and under differential privacy; the counts themselves are in `data/texts/ngram`.

| file | holds |
|---|---|
| `model.py` | `NgramText` |
| `private.py` | counts with noise, and what that promises |
"""
