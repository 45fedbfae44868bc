"""The way `llm`: rows written by a language model.

| file | holds |
|---|---|
| `way.py` | the way: sessions, rows in a window, results in order |
| `program.py` | what is done for one row: steps, record, rounds of evolution, judge |
| `recipe.py`, `recipes.py` | what each task asks for, and what must be true of the reply |
| `words.py` | prompts |
| `examples.py` | real rows as examples, without personal data |
"""
