"""Texts from counts of words in context, plain and under differential privacy; the counts themselves are in `data/texts/ngram`.

| file | holds |
|---|---|
| `model.py` | `NgramText` |
| `grouping.py` | kinds of words, by their neighbours |
| `recognition.py` | whether the texts that were learned can be recognised |
| `private.py` | counts with noise, and what that promises |
"""
