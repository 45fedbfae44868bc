"""`TransformerText`: a small causal transformer, trained on the user's own texts, on a CPU within minutes. Learned with torch.

Experimental: from some thousand texts a network of this size learns words, phrases and strong labels, and is no match for counts
(`ngram/`), which cost a hundredth; bench/results/texts.md says by how much. It is of use where texts are many, as a model to try
servers and tools with (`export`), and on a card.

- It sees texts as every learner here does: words of one document alone and personal data are replaced before it learns (`corpus.py`), fills
  being made up once. Its own vocabulary are pairs of bytes of these (`byte_pairs.py`).
- The label is the first number of a text. A tenth of them lose it, so that the network knows texts as such; `guidance` then makes what
  the label makes likelier likelier still.
- Texts kept aside tell when to stop, which is also what keeps it from learning texts by heart; the share of eight words in a row that
  drawn texts have in common with learned ones goes into the record.
- Of some texts drawn for each row one is kept that looks most like real ones (`ngram/choosing.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.budget import Budget
from understudy.core.errors import ArgumentError
from understudy.core.progress import Progress
from understudy.core.random import Stream
from understudy.core.record import FitRecord
from understudy.data.keyed import key_of, words
from understudy.data.texts.corpus import COMPANY, Corpus
from understudy.data.texts.fills import Fills
from understudy.data.texts.ngram.choosing import Taste, taste_of
from understudy.data.texts.ngram.sampling import tasted
from understudy.data.texts.pieces import pieces
from understudy.neural.backend import find_device, require_torch, seeded
from understudy.text.synthesizer import TextSynthesizer
from understudy.text.transformer.byte_pairs import BytePairs

if TYPE_CHECKING:
    from understudy.text.transformer.network import Network

Integers = NDArray[np.int64]

ENTRIES = 2048
LONGEST = 256
EPOCHS = 16
LEAST_STEPS = 400
CANDIDATES = 8
GUIDANCE = 1.0
TRAINING_SHARE = 0.85
"""Of a budget in seconds; the rest is for learning to choose."""
MOST_JUDGED = 4_000
ASIDE = 0.05
LEAST_ASIDE = 40
PURPOSE = 'The method "text-transformer"'


class TransformerText(TextSynthesizer):
    """Texts of a small causal transformer.

    Args:
        text, label, owner: the columns, where `fit` is not told them.
        company, merge: what may be learned at all; see `TextSynthesizer`.
        width, depth: of the network; its heads are 32 wide.
        dropout: share of values left out while learning, 0 to below 1.
        entries: of the vocabulary of pairs of bytes, at most; at least 300.
        guidance: 0 follows the law of texts given their label; above, labels show more.
        candidates: texts drawn for each one that is kept, at least 1.
        device: "cpu", "cuda" or "mps"; the fastest that is there where None.
    """

    name: ClassVar[str] = "text-transformer"
    requires: ClassVar[str | None] = "torch"
    block_size = 128
    tokens: BytePairs
    taste: Taste
    longest: int
    seen: NDArray[np.bool_]

    def __init__(
        self, *, text: str | None = None, label: str | None = None, owner: str | None = None, company: int = COMPANY, merge: bool = True,
        width: int = 128, depth: int = 2, dropout: float = 0.1, entries: int = ENTRIES, guidance: float = GUIDANCE,
        candidates: int = CANDIDATES, device: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(text=text, label=label, owner=owner, company=company, merge=merge)
        _check_options(width, depth, dropout, entries, guidance, candidates)
        self.width, self.depth, self.dropout, self.entries = width, depth, dropout, entries
        self.guidance, self.candidates, self.device = guidance, candidates, device
        self._network: Network | None = None

    # -- learning

    def _learn(self, corpus: Corpus, *, seed: Stream, budget: Budget, progress: Progress, record: FitRecord) -> None:
        require_torch(PURPOSE)
        progress.stage("prepare texts")
        texts = self.fills.texts(corpus.tokens.astype(np.int64), corpus.starts, words(np.arange(corpus.texts), key_of(seed, "fills")))
        labels = [] if corpus.levels is None else [str(level) for level in corpus.levels.to_list()]
        self.tokens = BytePairs.learn(texts, self.entries, labels)
        record.figures["training"] = self._train(corpus, texts, seed, budget, progress)
        lengths = np.diff(corpus.starts)
        self.longest = int(1.2 * np.quantile(lengths, 0.999)) + 5
        self.taste = Taste.none(corpus.classes, len(corpus.vocabulary), self.longest)
        if self.candidates > 1 and not budget.exhausted and not progress.cancelled:
            progress.stage("learn to choose")
            self.taste = taste_of(corpus, self.company, self.longest, self._pieces_drawn, seed, MOST_JUDGED)
        record.figures["eight_in_a_row"] = self._memorised(texts, seed)
        record.note("Experimental: a network of this size, taught so few texts, has their words and phrases, and hardly their meaning.")

    def _train(self, corpus: Corpus, texts: list[str], seed: Stream, budget: Budget, progress: Progress) -> dict[str, Any]:
        from understudy.neural.training import Schedule, train
        from understudy.text.transformer.network import Network, Plan
        from understudy.text.transformer.training import ROW, NextNumber, packed

        firsts = self._firsts(corpus.labels)
        numbered = [[first, *self.tokens.encode(text)] for first, text in zip(firsts.tolist(), texts, strict=True)]
        self.seen = np.bincount([n for text in numbered for n in text[1:]], minlength=len(self.tokens)) > 0
        row = min(LONGEST, max(ROW, int(np.quantile([len(text) for text in numbered], 0.99)) + 1))
        order = seed.child("aside").generator().permutation(corpus.texts)
        aside = 0 if corpus.texts < LEAST_ASIDE else max(1, round(ASIDE * corpus.texts))
        weights = corpus.weights.astype(np.float32)
        kept, learned = (
            packed([numbered[i] for i in part.tolist()], weights[part], 1, row) if len(part) else None
            for part in (order[:aside], order[aside:])
        )
        assert learned is not None
        device = find_device(self.device)
        plan = Plan(len(self.tokens), self.width, self.depth, self.width // 32, 8 * self.width // 24 * 8, LONGEST)
        with seeded(seed.child("weights"), device):
            network = Network(plan, self.dropout)
        task = NextNumber(network, kept, range(2, len(self.tokens.special)), 0, device)
        batch = max(1, min(24, len(learned.numbers) // 4))
        epoch = max(1, len(learned.numbers) // batch)
        schedule = Schedule(
            steps=max(LEAST_STEPS, EPOCHS * epoch), batch=batch, rate=6e-3, weight_decay=0.1, average=0.99,
            evaluate_every=max(25, epoch), patience=4,
        )  # fmt: skip
        limit = budget if budget.seconds is None or budget.best else budget.share(TRAINING_SHARE)
        course = train(task, learned.tensors(), schedule, stream=seed.child("train"), budget=limit, progress=progress)
        self._network = network.to("cpu").eval()
        return {**course.to_dict(), "weights": sum(p.numel() for p in network.parameters()), "rows": len(learned.numbers)}

    def _firsts(self, labels: Integers) -> Integers:
        """What each text begins with: its label's number, or the start's where there is no label."""
        return labels + 2 if len(self.tokens.special) > 2 else np.zeros(len(labels), np.int64)

    def _memorised(self, texts: list[str], seed: Stream) -> float:
        """The share of drawn texts that have eight words in a row with a learned text."""
        drawn = self._write(np.arange(self.block_size) % len(self.shares), seed.child("memorised"))
        learned, found = ([{tuple(w[i : i + 8]) for i in range(len(w) - 7)} for w in map(str.split, group)] for group in (texts, drawn))
        known = set().union(*learned)
        return float(np.mean([bool(own & known) for own in found]))

    # -- making texts

    def _write(self, labels: Integers, rng: Stream) -> list[str]:
        several = np.repeat(labels, self.candidates)
        texts = self._texts(several, rng.child("text"))
        if self.candidates == 1:
            return texts
        numbers, starts = self._as_pieces(texts)
        score = tasted(self.taste, numbers, starts, several, len(self.fills.vocabulary))
        score += rng.child("choice").generator().gumbel(size=len(several))
        best = score.reshape(len(labels), self.candidates).argmax(axis=1)
        return [texts[i * self.candidates + int(b)] for i, b in enumerate(best)]

    def _texts(self, labels: Integers, rng: Stream) -> list[str]:
        require_torch(PURPOSE)
        from understudy.text.transformer.drawing import Drawing, draw

        how = Drawing(1, 0, self.seen, LONGEST - 1, self.guidance)
        with seeded(rng):
            drawn = draw(self._ready_network(), self._firsts(labels), how, rng.generator())
        return [self.tokens.decode(numbers) for numbers in drawn]

    def _pieces_drawn(self, taste: Taste, labels: Integers, rng: Stream) -> tuple[Integers, Integers]:
        return self._as_pieces(self._texts(labels, rng))

    def _as_pieces(self, texts: list[str]) -> tuple[Integers, Integers]:
        """Texts as the corpus's pieces, -1 for others."""
        number = {piece: i for i, piece in enumerate(self.fills.vocabulary.tolist())}
        rows = [[number.get(piece, -1) for piece in pieces(text)] for text in texts]
        return np.array([n for row in rows for n in row], np.int64), np.concatenate([[0], np.cumsum([len(row) for row in rows])])

    def _ready_network(self) -> Network:
        assert self._network is not None
        return self._network

    # -- files

    def export(self, folder: str | Path) -> None:
        """Write the model as a folder that the Hugging Face libraries and servers of language models read.

        A text of a label begins with the label's own number, "<|label:…|>"; without one, with "<|start|>". The folder does not hold how
        one of several texts is chosen, so its texts are plainer than `sample`'s.

        Raises:
            SinkError: a file cannot be written.
        """
        from understudy.neural.weights import to_arrays
        from understudy.text.transformer.folder import write_folder

        self._require_ready()
        network = self._ready_network()
        weights = {name.removeprefix("x."): array for name, array in to_arrays(network, "x").items()}
        facts = {"labels": [] if self.levels is None else [str(level) for level in self.levels.to_list()]}
        write_folder(Path(folder), network.plan.to_dict(), weights, self.tokens, facts)

    @classmethod
    def from_folder(cls, folder: str | Path, *, text: str = "text", label: str = "label") -> Self:
        """A model from a folder that `export` wrote; its labels are texts, and it keeps the first text drawn.

        Args:
            text, label: what the columns are to be called.

        Raises:
            ArtifactError: the folder holds no such model.
        """
        import polars as pl

        from understudy.text.transformer.folder import read_folder

        require_torch(PURPOSE)
        plan, weights, tokens, facts = read_folder(Path(folder))
        labels = [str(value) for value in facts.get("labels", [])]
        model = cls(text=text, label=label if labels else None, candidates=1)
        model.tokens, model._network = tokens, _network(plan, {f"network.{name}": array for name, array in weights.items()})
        model.levels = pl.Series("level", labels, dtype=pl.String) if labels else None
        model.shares = np.full(max(1, len(labels)), 1 / max(1, len(labels)))
        model._fill_in()
        return model

    def _fill_in(self) -> None:
        """What a model that was not fitted here has in the place of what `fit` leaves."""
        from understudy.data.native_form import NativeForm

        self.fills = Fills([], np.zeros(1, np.int64), np.zeros(0, np.int64))
        self.taste, self.longest = Taste.none(len(self.shares), 0, 1), 1
        self.seen = np.arange(len(self.tokens)) >= len(self.tokens.special)
        self.dtypes = {column: "String" for column in (self.label, self.text) if column is not None}
        self.form = NativeForm("polars", {}, {}, {})
        self.record = FitRecord(notes=["Read from an exported folder; how it was learned is not told there."])

    def _learned(self) -> State:
        from understudy.neural.weights import to_arrays

        network = self._ready_network()
        arrays: dict[str, NDArray[Any]] = to_arrays(network, "network")
        arrays |= {f"taste.{name}": array for name, array in self.taste.arrays().items()} | {"seen": self.seen}
        facts = {
            "plan": network.plan.to_dict(), "special": self.tokens.special, "merges": [list(pair) for pair in self.tokens.merges],
            "longest": self.longest, "guidance": self.guidance, "candidates": self.candidates,
        }  # fmt: skip
        return State(facts, arrays)

    def _relearn(self, state: State) -> None:
        require_torch(PURPOSE)
        facts = state.manifest
        self.tokens = BytePairs(facts["special"], [(left, right) for left, right in facts["merges"]])
        self.longest, self.guidance, self.candidates = facts["longest"], facts["guidance"], facts["candidates"]
        self.taste = Taste.from_arrays({n.removeprefix("taste."): a for n, a in state.arrays.items() if n.startswith("taste.")})
        self._network, self.seen = _network(facts["plan"], state.arrays), state.arrays["seen"]
        self.width, self.depth = self._network.plan.width, self._network.plan.depth


def _network(plan: dict[str, int], arrays: dict[str, NDArray[Any]]) -> Network:
    from understudy.neural.weights import from_arrays
    from understudy.text.transformer.network import Network, Plan

    network = Network(Plan.from_dict(plan))
    from_arrays(network, arrays, "network")
    return network.eval()


def _check_options(width: int, depth: int, dropout: float, entries: int, guidance: float, candidates: int) -> None:
    for option, value, least in (("width", width, 32), ("depth", depth, 1), ("entries", entries, 300), ("candidates", candidates, 1)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ArgumentError(f"`{option}` must be an integer of at least {least}, not {value!r}.")
    if width % 32:
        raise ArgumentError(f"`width` must be a multiple of 32, not {width}.", remedy="For example 128.")
    if not 0 <= dropout < 1:
        raise ArgumentError(f"`dropout` must be from 0 to below 1, not {dropout!r}.")
    if not guidance >= 0:
        raise ArgumentError(f"`guidance` must be at least 0, not {guidance!r}.")
