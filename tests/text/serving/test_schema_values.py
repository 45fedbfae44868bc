"""Values drawn from schemas are valid, by another validator."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from understudy.core.errors import SchemaError
from understudy.text.serving.schema_values import Drawing
from understudy.text.serving.writers import Echo

jsonschema = pytest.importorskip("jsonschema")


def draw(schema, number=7):
    return Drawing(schema, number, Echo().words).value()


class Address(BaseModel):
    street: str = Field(min_length=3, max_length=30)
    post_code: str = Field(pattern=r"^[0-9]{5}$")


class Person(BaseModel):
    name: str = Field(max_length=20)
    age: int = Field(ge=0, le=120)
    height_m: float = Field(gt=0.3, lt=2.5)
    address: Address | None
    tags: list[str] = Field(min_length=1, max_length=3)
    friend: "Person | None" = None


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=50)
def test_a_pydantic_model_takes_what_is_drawn_from_its_schema(number):
    schema = Person.model_json_schema()
    text = json.dumps(draw(schema, number))
    assert isinstance(Person.model_validate_json(text), Person)


SCHEMAS = [
    {"type": "integer", "minimum": 5, "maximum": 5},
    {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10, "multipleOf": 3},
    {"type": "integer", "maximum": -50},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
    {"type": "number", "multipleOf": 0.25, "minimum": 1, "maximum": 2},
    {"type": "string", "minLength": 300, "maxLength": 310},
    {"type": "string", "maxLength": 0},
    {"type": "string", "pattern": "^(red|green)-[a-f]{2,4}$"},
    {"type": "string", "format": "date-time"},
    {"type": "string", "format": "uuid"},
    {"enum": ["a", 1, None]},
    {"const": {"a": [1]}},
    {"type": ["string", "null"]},
    {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "prefixItems": [{"type": "boolean"}, {"type": "null"}], "minItems": 2},
    {"anyOf": [{"type": "integer", "minimum": 3, "maximum": 4}, {"type": "null"}]},
    {"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 3}]},
    {"type": "object", "properties": {"a": {"type": "integer"}}, "minProperties": 3},
    {"type": "object", "required": ["x"], "additionalProperties": {"type": "boolean"}},
    {
        "$ref": "#/$defs/tree",
        "$defs": {"tree": {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}},
    },
    {"properties": {"a": {"type": "null"}}, "required": ["a"]},
    True,
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: json.dumps(schema)[:40])
def test_what_is_drawn_is_valid(schema):
    for number in range(40):
        jsonschema.Draft202012Validator(schema).validate(draw(schema, number))


def test_the_same_number_draws_the_same_and_others_vary():
    schema = Person.model_json_schema()
    assert draw(schema, 3) == draw(schema, 3)
    assert len({json.dumps(draw(schema, number)) for number in range(30)}) > 25


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "integer", "minimum": 3, "maximum": 2}, "bounds"),
        ({"not": {"type": "null"}}, '"not"'),
        ({"$ref": "#/nowhere"}, "nowhere"),
        ({"$ref": "http://elsewhere/x"}, "reference"),
        ({"enum": []}, "nothing"),
        ({"type": "array", "items": {"const": 1}, "minItems": 2, "uniqueItems": True}, "different items"),
        ({"type": "thing"}, "thing"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, "deeper"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(schema, told):
    with pytest.raises(SchemaError, match=told):
        draw(schema)
