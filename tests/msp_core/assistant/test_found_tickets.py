"""What a solved ticket, and an article of one customer, bring into an answer."""

from pathlib import Path

import pytest

from msp_core.assistant.events import answer_text
from msp_core.assistant.offline_model import OfflineModel
from msp_core.bootstrap.knowledge import local_tiers
from msp_core.knowledge.document import knowledge_documents, text_document
from msp_core.knowledge.ingestion import ingest
from msp_core.knowledge.minilm import MiniLm
from msp_core.knowledge.retriever import MAX_CHUNKS_READ, Retriever
from msp_core.scope import Role
from msp_core.tickets.ticket import Note, Resolution, Status
from tests.contract.stores.making import NOW, ticket
from tests.fakes.bench import MANAGER, Bench, only, scope

QUESTION = "The badge printer at the reception smears the photos, what helped?"
SOLVED = ticket(
    1,
    title="Badge printer at the reception smears photos",
    description="The badge printer at the reception smears all photos since Monday.",
    status=Status.RESOLVED,
    notes=tuple(
        Note(f"n{number}", NOW, "tom", f"Tried {number}. " + "No change so far. " * 30, "public")
        for number in range(MAX_CHUNKS_READ + 5)
    ),
    resolution=Resolution(NOW, "Cleaned the print head and replaced the worn ribbon.", ()),
)
# Above the ticket in the ranking, so that it is not among the documents that are read whole.
OTHERS = [
    text_document(f"article:badge-{number}", "Badge printer smears photos at the reception", text)
    for number, text in enumerate(["Smeared photos.", "Photos that smear."])
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    embedder = MiniLm()
    tiers = local_tiers(tmp_path_factory.mktemp("knowledge"), embedder)
    ingest([*OTHERS, *knowledge_documents([], [SOLVED])], tiers, embedder)
    return Retriever(tiers, embedder)


def test_a_found_ticket_is_quoted_with_what_solved_it(found: Retriever, tmp_path: Path) -> None:
    bench = Bench(tmp_path, found, weak=OfflineModel("weak-model"))
    events = bench.ask(QUESTION, MANAGER)
    assert "replaced the worn ribbon" in answer_text(events)
    (item,) = (item for item in only(events, "passages")["items"] if item["customer_id"])
    assert item["id"] == f"ticket:{SOLVED.ticket_id}"


def test_in_the_desk_wide_view_an_answer_says_whose_a_document_is(
    found: Retriever, tmp_path: Path
) -> None:
    bench = Bench(tmp_path, found, weak=OfflineModel("weak-model"))
    desk_wide = answer_text(bench.ask(QUESTION, scope("mia", Role.MANAGER, None)))
    assert "(customer: northwind) [ticket:" in desk_wide
    assert desk_wide.count("(customer:") == 1
    assert "(customer:" not in answer_text(bench.ask(QUESTION, MANAGER, session="s2"))


def test_a_document_is_read_from_one_heading_on(found: Retriever) -> None:
    name = f"ticket:{SOLVED.ticket_id}"
    read = found.read(name, MANAGER, heading="Resolution")
    assert read == "## Resolution\n\nCleaned the print head and replaced the worn ribbon."
    assert found.read(name, MANAGER).startswith("## Request")
    assert "ribbon" not in found.read(name, MANAGER), "it is beyond what is read at most"
    assert found.read(name, scope("kim", Role.MANAGER, "keller"), heading="Resolution") == ""
