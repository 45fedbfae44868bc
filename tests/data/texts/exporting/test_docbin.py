import io

import pytest
from tests.data.texts.exporting.rows import MARKED, marked_frame

spacy = pytest.importorskip("spacy", reason="spaCy is not installed", exc_type=ImportError)


def documents(content):
    return list(spacy.tokens.DocBin().from_bytes(content).get_docs(spacy.blank("xx").vocab))


def written(frame):
    from understudy.data.texts.exporting.docbin import DocBinWriter

    file = io.BytesIO()
    writer = DocBinWriter(file)
    writer.write(frame)
    writer.close()
    return file.getvalue()


def test_spacy_reads_back_every_text_and_entity():
    found = documents(written(marked_frame()))
    assert [document.text for document in found] == [row["text"] for row in MARKED]
    spans = [[{"start": e.start_char, "end": e.end_char, "label": e.label_} for e in document.ents] for document in found]
    assert spans == [row["spans"] for row in MARKED]


def test_equal_rows_give_equal_bytes():
    assert written(marked_frame()) == written(marked_frame())
