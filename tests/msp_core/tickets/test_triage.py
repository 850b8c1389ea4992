import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from msp_core.customers import Customer
from msp_core.errors import ConfigurationError, CorruptData, InvalidInput
from msp_core.tickets.ticket import Resolution, Status
from msp_core.tickets.triage import Suggestion, Triage
from msp_core.tickets.triage_file import (
    default_triage_model,
    encode_triage_model,
    read_triage_model,
    write_triage_model,
)
from msp_core.tickets.triage_model import Report, TriageModel, TriageTrainedOn
from msp_core.tickets.triage_training import LabelledTicket, train_triage

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
ABOUT = TriageTrainedOn("own", "train", "0" * 64, 0, 3)
KINDS = {
    "Network": ("wifi tunnel vpn", "network-ops", "High"),
    "Hardware": ("printer toner paper", "field-services", "Low"),
    "Security": ("phishing mail clicked", "security-ops", "Low"),
}


def embed(texts: Sequence[str]) -> np.ndarray:
    """Bag of hashed words: texts with common words are alike."""
    rows = np.full((len(texts), 48), 1e-3, dtype=np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().split():
            rows[row, hashlib.sha256(word.encode()).digest()[0] % 48] += 1
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@dataclass(frozen=True)
class Known(Report):
    """A ticket that is there already."""

    status: Status = Status.OPEN
    resolution: Resolution | None = None


def known(number: int, customer: str, text: str, at: datetime) -> Known:
    return Known(f"TKT-20260302-{number:08X}", customer, text, f"{text} please", at)


def labelled() -> list[LabelledTicket]:
    """For three customers a ticket every two days; each fourth is reported again at once."""
    rows: list[LabelledTicket] = []
    for place in range(90):
        category = list(KINDS)[place % 3]
        words, team, priority = KINDS[category]
        customer = f"c{place // 30}"
        at = START + timedelta(days=2 * place)
        first = known(2 * place, customer, f"{words} case{place}", at)
        rows.append(LabelledTicket(first, category, priority, team, None))
        if place % 4 == 0:
            again = known(2 * place + 1, customer, f"{words} here too", at + timedelta(minutes=9))
            rows.append(LabelledTicket(again, category, priority, team, first.ticket_id))
        if place % 5 == 0:
            later = known(1000 + place, customer, "paper question", at + timedelta(hours=20))
            rows.append(LabelledTicket(later, "Hardware", "Low", "field-services", None))
    return rows


@pytest.fixture(scope="module")
def model() -> TriageModel:
    return train_triage(labelled(), embed, embedder_id="words", trained_on=ABOUT)


@pytest.fixture
def triage(model: TriageModel) -> Triage:
    return Triage(model, embed, embedder_id="words")


@pytest.fixture
def customer() -> Customer:
    return Customer.model_validate(
        {
            "customer_id": "new",
            "name": "New",
            "sla_plan": "gold",
            "timezone": "Europe/Madrid",
            "business_hours": {"days": ["mon"], "from": "08:00", "to": "18:00"},
            "holidays": [],
            "targets_minutes": {},
            "minimum_priority": {"Security": "High"},
        }
    )


NOW = START + timedelta(days=400)
TEAMS = {"network-ops", "security-ops"}


def suggest(
    triage: Triage, customer: Customer, text: str, *, earlier: Sequence[Known] = ()
) -> Suggestion:
    ticket = known(9999, "new", text, NOW)
    return triage.suggest(ticket, customer=customer, teams=TEAMS, earlier=earlier)


def test_it_learned_what_is_what(triage: Triage, customer: Customer) -> None:
    made = suggest(triage, customer, "the wifi and vpn tunnel")
    assert (made.category.value, made.priority.value) == ("Network", "High")
    assert made.team is not None
    assert made.team.value == "network-ops"
    assert made.category.sure
    assert 0.5 < made.category.confidence <= 1


def test_it_is_not_sure_of_what_it_never_heard(triage: Triage, customer: Customer) -> None:
    heard = suggest(triage, customer, "wifi tunnel vpn")
    unheard = suggest(triage, customer, "zzz qqq xxx")
    assert unheard.category.confidence < heard.category.confidence
    sure = replace(triage.model.category, threshold=0.99999)
    strict = Triage(replace(triage.model, category=sure), embed, embedder_id="words")
    assert not suggest(strict, customer, "zzz qqq xxx").category.sure


def test_the_agreed_minimum_raises_the_priority(triage: Triage, customer: Customer) -> None:
    made = suggest(triage, customer, "phishing mail clicked")
    assert (made.category.value, made.judged_priority.value) == ("Security", "Low")
    assert (made.priority.value, made.raised) == ("High", True)
    assert made.priority.confidence == made.category.confidence
    free = customer.model_copy(update={"minimum_priority": {}})
    unraised = suggest(triage, free, "phishing mail clicked")
    assert (unraised.priority.value, unraised.raised) == ("Low", False)


def test_the_minimum_never_lowers(triage: Triage, customer: Customer) -> None:
    low = customer.model_copy(update={"minimum_priority": {"Network": "Low"}})
    assert suggest(triage, low, "wifi tunnel vpn").priority.value == "High"


def test_no_team_that_the_desk_has_not(triage: Triage, customer: Customer) -> None:
    assert suggest(triage, customer, "printer toner paper").team is None


def test_a_duplicate_names_the_first_report(triage: Triage, customer: Customer) -> None:
    earlier = [
        known(3, "new", "wifi tunnel vpn gone", NOW - timedelta(minutes=8)),
        known(2, "new", "wifi tunnel vpn", NOW - timedelta(minutes=11)),
        known(1, "other", "wifi tunnel vpn", NOW - timedelta(minutes=12)),
        known(4, "new", "wifi tunnel vpn", NOW + timedelta(minutes=1)),
    ]
    found = suggest(triage, customer, "wifi tunnel vpn here too", earlier=earlier).duplicate_of
    assert found is not None
    assert found.ticket_id == earlier[1].ticket_id
    assert found.confidence >= triage.model.duplicate.threshold


def test_other_matters_of_a_busy_hour_are_no_duplicates(triage: Triage, customer: Customer) -> None:
    earlier = [
        known(place, "new", text, NOW - timedelta(minutes=3 * place + 1))
        for place, text in enumerate(["printer jam", "coffee machine", "phishing mail", "screen"])
    ]
    assert suggest(triage, customer, "autocad licence", earlier=earlier).duplicate_of is None


def test_what_was_solved_by_then_is_not_repeated(triage: Triage, customer: Customer) -> None:
    still = known(2, "new", "wifi tunnel vpn", NOW - timedelta(minutes=11))
    solved = replace(
        still, status=Status.CLOSED, resolution=Resolution(NOW - timedelta(minutes=5), "done")
    )
    assert suggest(triage, customer, "wifi tunnel vpn", earlier=[still]).duplicate_of is not None
    assert suggest(triage, customer, "wifi tunnel vpn", earlier=[solved]).duplicate_of is None


@pytest.mark.parametrize("ago", [timedelta(hours=20), timedelta(days=3)])
def test_the_same_trouble_later_is_a_new_ticket(
    triage: Triage, customer: Customer, ago: timedelta
) -> None:
    earlier = [known(1, "new", "wifi tunnel vpn", NOW - ago)]
    assert suggest(triage, customer, "wifi tunnel vpn", earlier=earlier).duplicate_of is None


def test_similar_ones_were_resolved_before(triage: Triage, customer: Customer) -> None:
    def solved(number: int, customer_id: str, at: datetime) -> Known:
        ticket = known(number, customer_id, "wifi tunnel vpn", NOW - timedelta(days=30))
        return replace(ticket, status=Status.CLOSED, resolution=Resolution(at, "done"))

    before, after = NOW - timedelta(days=20), NOW + timedelta(days=1)
    open_one = known(4, "new", "wifi tunnel vpn", NOW - timedelta(days=30))
    earlier = [solved(1, "new", before), solved(2, "other", before), solved(3, "new", after)]
    made = suggest(triage, customer, "wifi tunnel vpn", earlier=[*earlier, open_one])
    assert [one.ticket_id for one in made.similar] == [earlier[0].ticket_id]
    assert not suggest(triage, customer, "zzz qqq", earlier=earlier).similar


def test_another_embedder_is_refused(model: TriageModel) -> None:
    with pytest.raises(ConfigurationError, match="trained with the embedder 'words'"):
        Triage(model, embed, embedder_id="other")


def test_a_ticket_of_another_customer_is_refused(triage: Triage, customer: Customer) -> None:
    with pytest.raises(ValueError, match="'c1' is not 'new'"):
        triage.suggest(known(1, "c1", "wifi", NOW), customer=customer, teams=TEAMS, earlier=[])


def test_the_file_brings_back_the_model(tmp_path: Path, triage: Triage, customer: Customer) -> None:
    path = tmp_path / "own.json"
    write_triage_model(path, triage.model)
    back = read_triage_model(path)
    assert encode_triage_model(back) == path.read_bytes()
    again = suggest(Triage(back, embed, embedder_id="words"), customer, "wifi tunnel vpn")
    first = suggest(triage, customer, "wifi tunnel vpn")
    assert again.category.confidence == pytest.approx(first.category.confidence, abs=1e-3)


def test_the_same_labels_give_the_same_bytes(model: TriageModel) -> None:
    again = train_triage(labelled(), embed, embedder_id="words", trained_on=ABOUT)
    assert encode_triage_model(again) == encode_triage_model(model)


def test_an_edited_file_is_refused(tmp_path: Path, model: TriageModel) -> None:
    path = tmp_path / "own.json"
    path.write_bytes(encode_triage_model(model).replace(b"network-ops", b"network-opz"))
    with pytest.raises(CorruptData, match="was edited"):
        read_triage_model(path)


def test_a_head_too_short_is_refused(tmp_path: Path, model: TriageModel) -> None:
    short = replace(model, likeness=replace(model.likeness, weights=np.ones(2)))
    path = tmp_path / "own.json"
    write_triage_model(path, short)
    with pytest.raises(CorruptData, match="likeness has 2 numbers and needs 1"):
        read_triage_model(path)


def test_the_one_that_ships_can_be_read() -> None:
    model = default_triage_model()
    assert set(model.category.values) == {"Network", "Hardware", "Software", "Security", "General"}


def test_too_little_to_learn_from() -> None:
    with pytest.raises(InvalidInput, match="3 labelled tickets are too few"):
        train_triage(labelled()[:3], embed, embedder_id="words", trained_on=ABOUT)


def test_one_category_is_nothing_to_learn() -> None:
    rows = [replace(row, category="Network") for row in labelled()]
    with pytest.raises(InvalidInput, match="category of all tickets is 'Network'"):
        train_triage(rows, embed, embedder_id="words", trained_on=ABOUT)


def test_no_duplicates_are_nothing_to_learn() -> None:
    rows = [replace(row, duplicate_of=None) for row in labelled()]
    with pytest.raises(InvalidInput, match="No two tickets"):
        train_triage(rows, embed, embedder_id="words", trained_on=ABOUT)
