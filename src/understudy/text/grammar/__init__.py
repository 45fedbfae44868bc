"""Grammars of texts: rules with weighted alternatives, put together so that labels and offsets are known, not looked for.

| in a text | is |
|---|---|
| `{name}` | a column of the row, or a rule of the grammar |
| `{name?}` `{name?0.2}` | the same, in half of the texts, in a share of them |
| `{name*3}` `{name*1-3}` `{name*count}` | so many different alternatives of a rule; as many as a column says |
| `{name\\|capital}` `{date\\|words}` | in another form (`inflection.py`) |
| `{name as PERSON}` | marked: the characters become a span |
| `{word:city}` `{word:city:de_DE}` | a word of the vocabularies; `{int:2-9}` a whole number |
| `[a\\|b\\|]` `[20%: a]` | one of several, of which one may be empty; with a chance |
| a backslash before `{ } [ ]` or a bar | the character itself |

`reading.py` reads texts, `rules.py` rules; `checking.py` tells what cannot be, before work; `compiling.py` makes functions of them.
"""
