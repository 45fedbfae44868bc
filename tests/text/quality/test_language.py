"""Languages told by small words, letters and scripts."""

from __future__ import annotations

import pytest
from tests.data.real_data import real_frame

from understudy.text.quality import language_of, sift

SENTENCES = {
    "en": "The pan is good and I would buy it again for my mother.",
    "de": "Die Pfanne ist gut und ich würde sie auch für meine Mutter noch einmal kaufen.",
    "fr": "La poêle est très bonne et je vais en acheter une autre pour ma mère.",
    "es": "La sartén es muy buena y la voy a comprar otra vez para mi madre.",
    "it": "La padella è molto buona e la comprerei di nuovo anche per mia madre.",
    "pt": "A frigideira é muito boa e eu vou comprar mais uma para a minha mãe.",
    "nl": "De pan is erg goed en ik zou hem ook voor mijn moeder nog een keer kopen.",
    "sv": "Pannan är bra och jag skulle köpa den en gång till för min mor.",
    "da": "Panden er god, og jeg vil gerne købe den igen til min mor, hvis det er muligt af hensyn til prisen, også nu.",
    "fi": "Pannu on hyvä ja se olisi myös äidille hyvä, mutta en ole vielä varma.",
    "pl": "Patelnia jest bardzo dobra i kupię ją jeszcze raz, gdy będzie tak jak teraz.",
    "cs": "Pánev je velmi dobrá a koupil bych ji ještě jednou, protože se to na ní dobře dělá.",
    "tr": "Tava çok güzel ve annem için bir daha alırım ama bu kadar değil.",
    "ru": "Сковорода хорошая, и я бы купил её ещё раз для мамы.",
    "uk": "Сковорода дуже добра, і я б купив її ще раз для мами.",
    "zh": "这个平底锅很好用，我还会再买一个。",
    "ja": "このフライパンはとても良いです。",
    "ko": "이 프라이팬은 아주 좋아요.",
    "el": "Το τηγάνι είναι πολύ καλό.",
    "he": "המחבת טובה מאוד.",
    "ar": "المقلاة جيدة جدا.",
    "hi": "यह तवा बहुत अच्छा है।",
    "th": "กระทะนี้ดีมาก",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_told(code: str) -> None:
    assert language_of(SENTENCES[code]) == code


def test_what_is_too_short_or_says_nothing_is_not_told() -> None:
    assert language_of("OK thanks") is None
    assert language_of("12 + 34 = ?") is None
    assert language_of("blorp fizz wuzzle quon dapple zim") is None


def test_other_languages_are_dropped_and_doubt_is_kept() -> None:
    texts = [SENTENCES["en"], SENTENCES["de"], "OK", SENTENCES["ja"]]
    found = sift(texts, [{"language": {"allowed": ["en"]}}])
    assert found.dropped.select("row", "reason").rows() == [(1, "in German, not English"), (3, "in Japanese, not English")]


@pytest.mark.data
@pytest.mark.parametrize("name", ["sentence_polarity", "sms_spam", "banking77"])
def test_english_texts_are_hardly_ever_dropped(name: str) -> None:
    frame = real_frame(f"text/{name}/{name}.parquet")[:3000]
    found = sift(frame, ["language"])
    assert found.dropped.height < 0.01 * frame.height
