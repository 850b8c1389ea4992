"""A judged set with a larger corpus: seeded documents that resemble its own, and answer nothing."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from eval.retrieval_set import RetrievalSet
from msp_core.errors import UsageError
from msp_core.knowledge.document import Document, pieces, text_document

_SENTENCE_END = re.compile(r"(?<=[.!?])[ \t]+")
_KEPT = re.compile(r"\s*(#|```|~~~|$)")
"""Headings, fences and blank lines stay: they are the outline."""


def blow_up(data: RetrievalSet, chunks: int, *, seed: int) -> RetrievalSet:
    """The set with as many made documents as it takes to have `chunks` chunks in its corpus.

    A made document has the outline, customer, category and audience of one of the set's, the title
    of another one of that category, and sentences drawn from all of them. Nobody judged it, so it
    counts as irrelevant, which a few of them may not be: compare systems with each other, not with
    figures of the set as it is.

    Args:
        data: with at least one document.
        chunks: of the whole corpus, the set's own included.
        seed: equal seeds make equal documents.

    Raises:
        UsageError: the corpus has so many chunks already, or none.
    """
    count = sum(len(pieces(document)) for document in data.documents)
    if not 0 < count < chunks:
        raise UsageError(
            f"{data.name} has {count:,} chunks and cannot be blown up to {chunks:,}. Choose more."
        )
    generator = np.random.default_rng(seed)
    alike: dict[str | None, list[Document]] = defaultdict(list)
    for document in data.documents:
        alike[document.category].append(document)
    sentences = {category: _sentences(own) for category, own in alike.items()}
    made: list[Document] = []
    while count < chunks:
        pattern = data.documents[int(generator.integers(len(data.documents)))]
        made.append(_made(len(made), pattern, alike, sentences, generator))
        count += len(pieces(made[-1]))
    digest = hashlib.sha256(f"{data.sha256} {chunks} {seed}".encode()).hexdigest()
    return replace(
        data,
        name=f"{data.name}, blown up to {count:,} chunks",
        sha256=digest,
        documents=(*data.documents, *made),
    )


def _made(
    number: int,
    pattern: Document,
    alike: Mapping[str | None, Sequence[Document]],
    sentences: Mapping[str | None, Sequence[str]],
    generator: np.random.Generator,
) -> Document:
    pool, own = sentences[pattern.category], alike[pattern.category]

    def drawn(line: str) -> str:
        if _KEPT.match(line) or not pool:
            return line
        picked = generator.integers(len(pool), size=len(_SENTENCE_END.split(line.strip())))
        return " ".join(pool[place] for place in picked)

    return text_document(
        f"made:{number:06d}",
        own[int(generator.integers(len(own)))].title,
        "\n".join(map(drawn, pattern.text.split("\n"))),
        audience=pattern.parts[0].audience,
        customer_id=pattern.customer_id,
        category=pattern.category,
    )


def _sentences(documents: Sequence[Document]) -> list[str]:
    lines = (line for document in documents for line in document.text.split("\n"))
    return [
        sentence
        for line in lines
        if not _KEPT.match(line)
        for sentence in _SENTENCE_END.split(line.strip())
    ]
