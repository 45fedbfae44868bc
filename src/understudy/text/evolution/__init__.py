"""Private evolution: differentially private texts from a model that is not trained and never sees the private ones.

| file | holds |
|---|---|
| `evolving.py` | votes, noise, choice, variation: the method |
| `synthesizer.py` | `Evolution`: from a table to texts |
| `generator_provider.py` | any generator of texts as the one who makes them |
| `language_model_provider.py` | a language model as the one who makes them |
"""
