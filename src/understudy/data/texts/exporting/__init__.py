"""Formats of text data sets that training tools read, each made row by row from a frame's columns.

| format | lines | needs the columns |
|---|---|---|
| `chat` | `{"messages": [...]}`, as OpenAI takes them | `messages`; or `instruction`, `input`, `output`; or `question`, `answer` |
| `sharegpt` | `{"conversations": [{"from": "human", "value": ...}, ...]}` | as `chat` |
| `alpaca` | `{"instruction": ..., "input": ..., "output": ...}` | those; or a conversation of one question and one answer |
| `dpo` | `{"prompt": ..., "chosen": ..., "rejected": ...}` | those |
| `conll` | a token and its BIO tag a line, sentences apart by an empty line | a text and `spans` |
| `spans` | `{"text": ..., "spans": [{"start", "end", "label"}]}`, as Prodigy and Argilla read them | a text and `spans` |
| `spacy` | a binary `DocBin` (extra `spacy`) | a text and `spans` |

A row that lacks what its format needs is an error that names the row, never a line left out.
"""

from __future__ import annotations

from understudy.data.texts.exporting.conversations import alpaca_line, chat_line, dpo_line, sharegpt_line
from understudy.data.texts.exporting.marked import conll_lines, spans_line
from understudy.data.texts.exporting.writers import LineWriter, RowError

__all__ = ["LineWriter", "RowError", "alpaca_line", "chat_line", "conll_lines", "dpo_line", "sharegpt_line", "spans_line"]
