"""Rules as functions: weights, conditions, repeats, what is drawn once, marks, turns, two sides."""

from collections import Counter
from itertools import repeat

import numpy as np
import pytest

from understudy.data.constraints import Contradiction
from understudy.text.grammar.checking import Allowed, check_grammar, check_reach
from understudy.text.grammar.compiling import Grammar
from understudy.text.grammar.languages import language
from understudy.text.grammar.pieces import conversation, joined, marked
from understudy.text.grammar.rules import read_rules
from understudy.text.grammar.sides import Pairs

EN, DE = language("en"), language("de")
ALL = Allowed(sides=True, turns=True, labels=True)


def grammar_of(rules, columns=None, **more):
    return Grammar(read_rules(rules), columns or {}, EN, **more)


def drawn(grammar, n=1000, values=None, start="text", read=joined):
    values = values or {}
    write = grammar.expand(start, grammar.truths(values))
    draw = iter(np.random.Generator(np.random.Philox(5)).random(n * 200).tolist()).__next__
    found = []
    for _ in range(n):
        pieces = []
        row = [*(values.get(name) for name in grammar.written_columns), *repeat(None, len(grammar.once))]
        write(row, draw, pieces.append)
        found.append(read(pieces))
    return found


def test_alternatives_come_by_weight():
    counts = Counter(drawn(grammar_of({"text": [{"text": "a", "weight": 3}, "b", {"weight": 0, "text": "never"}]}), 8000))
    assert 5800 < counts["a"] < 6200
    assert set(counts) == {"a", "b"}
    by_weight = Counter(drawn(grammar_of({"text": {"a": 1, "b": 1}}), 4000))
    assert 1850 < by_weight["a"] < 2150


def test_conditions_choose_among_alternatives():
    grammar = grammar_of(
        {"text": [{"when": {"n": {"least": 3, "below": 5}}, "text": "mid"}, {"when": {"n": {"not": [3, 4]}}, "any": ["out", "off"]}]},
        {"n": "whole"},
    )
    assert set(drawn(grammar, 50, {"n": 3})) == {"mid"}
    assert set(drawn(grammar, 50, {"n": 5})) == {"out", "off"}


def test_repeats_are_different_and_joined():
    grammar = grammar_of({"text": "{part*2-3|list|capital}", "part": ["lid", "rim", "base"]})
    for text in drawn(grammar, 200):
        parts = text.lower().replace(" and ", ", ").split(", ")
        assert len(parts) == len(set(parts))
        assert 2 <= len(parts) <= 3
        assert text[0].isupper()
    counted = grammar_of({"text": "{part*n|bullets}", "part": ["lid", "rim"]}, {"n": "whole"})
    assert all(text.count("- ") == 3 for text in drawn(counted, 20, {"n": 3}))


def test_what_is_drawn_once_says_the_same():
    grammar = grammar_of({"text": "{thing} {thing} {other}", "thing": ["a", "b", "c"], "other": "{thing}"}, once=["thing"])
    assert set(drawn(grammar, 200)) == {"a a a", "b b b", "c c c"}


def test_marks_are_where_they_say():
    grammar = grammar_of(
        {
            "text": "{gone?0.5} {name as WHO}, {note?0.4} {place}.",
            "gone": "Alas",
            "note": "sadly",
            "place": "of {town as WHERE}",
            "town": ["Ulm", "Zoë 🙂"],
        },
        {"name": "text"},
    )
    for text, spans in drawn(grammar, 300, {"name": "Ada Bo"}, read=marked):
        assert text[spans[0]["start"] : spans[0]["end"]] == "Ada Bo"
        assert [span["label"] for span in spans] == ["WHO", "WHERE"]
        assert text[spans[1]["start"] : spans[1]["end"]] in ("Ulm", "Zoë 🙂")
        assert "  " not in text
        assert " ." not in text
        assert text == text.strip()


def test_turns_become_messages_with_calls_answered():
    rules = {
        "text": {
            "turns": [
                {"user": "Where is {n}?"},
                {"assistant": "One moment."},
                {"call": "find", "arguments": {"id": "{n}", "tags": ["{t}"]}, "result": {"at": "{t}"}},
                "{end}",
            ]
        },
        "end": {"turns": [{"assistant": "In {t}."}, {"assistant": "Bye!"}]},
    }
    (messages,) = drawn(grammar_of(rules, {"n": "whole", "t": "text"}), 1, {"n": 7, "t": 'a "b"'}, read=conversation)
    assert [said["role"] for said in messages] == ["user", "assistant", "tool", "assistant"]
    assert messages[1]["content"] == "One moment."
    assert messages[1]["tool_calls"][0]["arguments"] == '{"id": 7, "tags": ["a \\"b\\""]}'
    assert messages[3]["content"] == 'In a "b". Bye!'


def test_two_sides_are_drawn_together():
    rules = {
        "text": {"source": "{who} sees {what#1} and {what#2} on {day|date}", "target": "{who} sieht {what#1} und {what#2} am {day|date}"},
        "what": [{"source": "the cat", "target": "die Katze"}, {"source": "the dog", "target": "den Hund"}],
        "who": ["Ada", "Bo"],
    }
    import datetime as dt

    grammar = grammar_of(rules, {"day": "date"})
    write = Pairs(grammar, (EN, DE)).expand("text", ())
    draw = iter(np.random.Generator(np.random.Philox(1)).random(5000).tolist()).__next__
    german = {"the cat": "die Katze", "the dog": "den Hund"}
    for _ in range(100):
        source, target = write([dt.date(2026, 5, 1)], draw)
        who, first, second = source.split(" ")[0], *source.partition("sees ")[2].partition(" on")[0].split(" and ")
        assert target == f"{who} sieht {german[first]} und {german[second]} am 1. Mai 2026"


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"text": "{lable}", "label": "a"}, 'Did you mean "label"'),
        ({"text": "{nam}"}, 'Did you mean "name"'),
        ({"text": "{name|plurl}"}, 'Did you mean "plural"'),
        ({"text": {"by": "labl", "a": "x"}}, 'Did you mean "label"'),
        ({"text": {"by": "label", "god": "x", "else": "y"}}, 'Did you mean "good"'),
        ({"text": "{word:cty}"}, 'Did you mean "city"'),
        ({"text": "{int:9-2}"}, "no range"),
        ({"name": "x", "text": "y"}, "is a column and a rule"),
        ({"text": "{name*2}"}, "is no rule"),
        ({"text": "{a*name}", "a": "b"}, "holds no whole numbers"),
        ({"text": "{a*2|fixed 2}", "a": "b"}, "not of text"),
    ],
)
def test_what_names_nothing_is_told_with_the_nearest(rules, said):
    grammar = grammar_of(rules, {"name": "text", "label": "text"})
    with pytest.raises(Contradiction, match=said):
        check_grammar(grammar, ["text"], ALL, [EN], {"name": None, "label": ["good", "bad"]})


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"text": []}, "the rule is empty|no alternative"),
        ({"text": {}}, "no alternative"),
        ({"text": {"by": "label"}}, "says nothing"),
        ({"text": [{"txt": "a"}]}, 'Did you mean "text"'),
        ({"text": [{"text": "a", "any": ["b"]}]}, "one body"),
        ({"text": [{"text": "a", "weight": -1}]}, "weight"),
        ({"text": [{"text": "a", "when": {"n": {"atleast": 3}}}]}, 'Did you mean "least"'),
        ({"text": {"turns": [{"usr": "a"}]}}, 'Did you mean "user"'),
        ({"text": {"turns": ["hello"]}}, "Nobody says"),
        ({"text": {"turns": [{"call": "f", "arguments": {}}]}}, "what the tool answers"),
    ],
)
def test_rules_that_cannot_be_read_are_told(rules, said):
    with pytest.raises(Contradiction, match=f"(?i){said}"):
        read_rules(rules)


def test_endless_rules_are_told_before_work():
    for rules in (
        {"text": "{a}", "a": "x {b}", "b": "{a}"},
        {"text": ["{text} {text}", "{text} {text}", "x"]},
        {"text": "{a*2}", "a": ["{text}", "x"]},
    ):
        grammar = grammar_of(rules)
        with pytest.raises(Contradiction, match="without end"):
            check_reach(grammar, ["text"], [()])
    check_reach(grammar_of({"text": ["so {text}", "x", "y"]}), ["text"], [()])


def test_a_rule_without_alternative_for_a_row_is_told():
    grammar = grammar_of({"text": "{a}", "a": [{"when": {"n": 1}, "text": "x"}]}, {"n": "whole"})
    with pytest.raises(Contradiction, match='"a" has no alternative for a row with n 1 \\(not so\\)'):
        check_reach(grammar, ["text"], [grammar.truths({"n": 2})])
