"""English for captions and questions: articles, plurals, numbers, lists, and names of objects."""

from __future__ import annotations

from collections.abc import Sequence

from understudy.data.media.items import Instance

NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split()
IRREGULAR = {"person": "people", "man": "men", "woman": "women", "child": "children", "sheep": "sheep", "deer": "deer", "debris": "debris",
             "goose": "geese", "mouse": "mice", "foot": "feet", "shelf": "shelves", "knife": "knives", "leaf": "leaves"}  # fmt: skip
UNCOUNTED = {"debris", "vegetation", "water", "luggage", "grass"}
SILENT = ("hour", "honest")
CONSONANT = ("uni", "use", "usu", "euro", "one", "u-", "uti", "ura")
"""Beginnings with a vowel's letter and a consonant's sound."""


def article(noun: str) -> str:
    """ "a car", "an animal", "a unicycle", "debris"."""
    if noun.split()[-1] in UNCOUNTED:
        return noun
    low = noun.lower()
    vowel = low.startswith(SILENT) or (low[:1] in "aeiou" and not low.startswith(CONSONANT))
    return f"{'an' if vowel else 'a'} {noun}"


def plural(noun: str) -> str:
    """ "cars", "buses", "people", "traffic lights", "bodies"."""
    *rest, last = noun.split(" ")
    if last in IRREGULAR:
        many = IRREGULAR[last]
    elif last.endswith("man") and last != "human":
        many = last[:-2] + "en"
    elif last.endswith(("s", "x", "z", "ch", "sh")):
        many = last + "es"
    elif last.endswith("y") and last[-2:-1] not in tuple("aeiou"):
        many = last[:-1] + "ies"
    else:
        many = last + "s"
    return " ".join([*rest, many])


def number(count: int) -> str:
    return NUMBERS[count] if 0 < count < len(NUMBERS) else str(count)


def counted(count: int, noun: str) -> str:
    """ "a car", "two cars", "15 cars"."""
    return article(noun) if count == 1 else f"{number(count)} {plural(noun)}"


def listed(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def sentence(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]


def noun(category: str) -> str:
    """A category's name as a noun: "traffic_light" → "traffic light"."""
    return category.replace("_", " ").replace("/", " ").strip()


def name(instance: Instance, category: str) -> str:
    """With its colour where it has one: "red car"."""
    color = instance.attributes.get("color")
    return f"{color} {noun(category)}" if isinstance(color, str) and color else noun(category)
