"""Specs of texts: YAML and Python one-to-one, mistakes with line and the nearest word."""

import pytest

from understudy.core.errors import SchemaError
from understudy.text import Texts
from understudy.text.spec.text_spec import TextSpec, parse_text_spec

WHOLE = """
understudy: text/1
task: classification
columns:
  label: {type: choice, values: {good: 3, bad: 1}}
  name: {type: person, field: first_name}
template:
  rules:
    text: {by: label, good: "Fine, {name}.", bad: "[No|Never], {name}."}
"""


def test_yaml_and_python_are_one_to_one(tmp_path):
    spec = parse_text_spec(WHOLE)
    assert TextSpec.from_dict(spec.to_dict()).to_dict() == spec.to_dict()
    assert parse_text_spec(spec.to_yaml()).to_dict() == spec.to_dict()
    spec.save(tmp_path / "spec.yaml")
    assert Texts(tmp_path / "spec.yaml").sample(5).equals(Texts(spec).sample(5))


def test_the_json_schema_knows_tasks_and_ways():
    schema = TextSpec.json_schema()
    assert "conversation" in schema["properties"]["task"]["enum"]
    assert "ngram" in schema["properties"]["way"]["enum"]
    assert "TemplateSection" in schema["$defs"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("task: classification", "task: clasification", 'line 3: task\\)\nDid you mean "classification"'),
        ("columns:", "colums:", 'line 4: colums\\)\nDid you mean "columns"'),
        ("type: choice", "type: choise", 'line 5: columns.label.type\\)\nDid you mean "choice"'),
        ("values: {good", "value: {good", 'line 5.*\n.*"values"'),
        ("field: first_name", "field: frst_name", "line 6"),
        ("  rules:", "  rulez:", 'line 8.*\nDid you mean "rules"'),
        ("by: label", "by: labl", 'line 9: template.rules.text.*\nDid you mean "label"'),
        ("{name}.\", bad", "{nam}.\", bad", 'line 9: template.rules.text.good\\)\nDid you mean "name"'),
        ("good: \"Fine", "god: \"Fine", 'line 9: template.rules.text.god\\)\nDid you mean "good"'),
        ("bad: \"[No|Never], {name}.\"", "", 'has no alternative for a row with label good \\(not so\\)'),
        ("text: {by", "txt: {by", 'There is no rule "text"'),
        ("template:", "way: ngram\ntemplate:", 'The way "ngram" needs a section'),
        ("template:", "way: ngrm\ntemplate:", 'Did you mean "ngram"'),
        ("template:", "label: lable\ntemplate:", 'Did you mean "label"'),
        ("template:", "words: [9, 3]\ntemplate:", "above the most"),
        ("template:", "words: {by: labl, good: [1, 2]}\ntemplate:", 'Did you mean "label"'),
        ("template:", "facts: [nme]\ntemplate:", 'Did you mean "name"'),
        ("template:", "cases: {odd: {rate: 0.1, set: {lbel: bad}}}\ntemplate:", 'Did you mean "label"'),
        ("template:", "cases: {odd: {rate: 0.7}, even: {rate: 0.7}}\ntemplate:", "more than 1 together"),
        ("template:", "language: xx\ntemplate:", 'the language "xx"'),
        ("understudy: text/1", "understudy: texts/1", "Begin with: understudy: text/1"),
        ("good: \"Fine, {name}.\"", "good: \"Fine, {name\"", "line 9: template.rules.text.good\\)"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_line_and_nearest_word(old, new, said):
    assert old in WHOLE
    with pytest.raises(SchemaError) as caught:
        spec = parse_text_spec(WHOLE.replace(old, new, 1), "spec.yaml")
        Texts(spec)
    import re

    assert re.search(said, str(caught.value)), str(caught.value)
