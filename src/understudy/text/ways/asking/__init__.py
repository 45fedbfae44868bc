"""The way `llm`: rows written by a language model.

| file | holds |
|---|---|
| `way.py` | the way: sessions, rows in a window, results in order |
| `program.py` | what is asked for a row: words and requests of steps, record, rounds of evolution, judges |
| `graph.py` | steps in the order of their uses; what is wrong with them, before work |
| `running.py` | one row on its way: what is ready is done, what refuses has something made again |
| `values.py` | what steps give: grades with reasons, parts |
| `recipe.py`, `recipes.py` | what each task asks for, and what must be true of the reply |
| `words.py` | prompts |
| `examples.py` | real rows as examples, without personal data |
"""
