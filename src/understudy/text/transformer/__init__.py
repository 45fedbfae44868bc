"""Texts of a small causal transformer. Needs torch.

| file | holds |
|---|---|
| `model.py` | `TransformerText` |
| `byte_pairs.py` | texts as numbers |
| `network.py`, `training.py`, `drawing.py` | the network, how it learns, how texts are drawn |
| `folder.py` | the model as a folder of the Hugging Face form |
"""
