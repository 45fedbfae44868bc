"""How much texts have in common: words and n-grams as numbers, the longest common runs, near duplicates, texts as vectors.

| file | holds |
|---|---|
| `words.py` | texts as numbers of words or characters, documents one after another |
| `grams.py` | every n-gram as a 64-bit number |
| `runs.py` | the longest run of words that a text shares with others: suffix array |
| `minhash.py` | texts whose sets of word 3-grams are nearly the same: MinHash, with the true Jaccard similarity verified |
| `vectors.py` | TF-IDF vectors and their principal directions |
| `kneser_ney.py` | how probable texts are to a model of n-grams |
| `classifier.py` | a linear classifier of texts |
"""
