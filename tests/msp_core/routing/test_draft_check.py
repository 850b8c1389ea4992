import pytest

from msp_core.routing.draft_check import check_draft, coverage

PASSAGE = (
    "Raise the IKE lifetime on the firewall to 28800 seconds. Then restart the VPN client on the"
    " laptop and sign in again."
)


def test_a_draft_from_the_passage_is_kept() -> None:
    checked = check_draft(
        "Raise the IKE lifetime to 28800 seconds, then restart the VPN client [article:vpn].",
        [PASSAGE],
    )
    assert checked.keep
    assert checked.covered == 1.0
    assert checked.doubt == 0.0


def test_words_are_compared_by_their_stem() -> None:
    assert coverage("restarting clients", [PASSAGE]) == 1.0


@pytest.mark.parametrize(
    ("draft", "says"),
    [
        ("", "empty"),
        ("Yes.", "empty"),
        ("Raise the IKE lifetime on the firewall and", "breaks off"),
        ("Raise the IKE lifetime on the", "breaks off"),
        ("I'm sorry, I cannot help with the firewall lifetime.", "refuses"),
        ("There is no information on the VPN client.", "refuses"),
        ('{"tool": "search_knowledge", "query": "VPN client"}', "leftovers"),
        ("<|im_start|> restart the VPN client", "leftovers"),
        ("Restart the VPN client now. " * 5, "repeats"),
        ("Replace the toner cartridge and clean the printer drum carefully.", "no passage"),
    ],
)
def test_a_draft_that_should_not_be_shown_is_given_up(draft: str, says: str) -> None:
    checked = check_draft(draft, [PASSAGE])
    assert not checked.keep
    assert any(says in problem for problem in checked.problems), checked.problems
    assert checked.doubt >= 0.5


def test_without_passages_coverage_is_not_asked_for() -> None:
    checked = check_draft("You have three open tickets, the oldest is the printer's.", [])
    assert checked.keep
    assert checked.covered is None
    assert checked.doubt == 0.5


def test_drafts_are_ordered_by_how_much_is_covered() -> None:
    half = check_draft(
        "Restart the VPN client, reinstall Windows, replace modem hardware.", [PASSAGE]
    )
    whole = check_draft("Restart the VPN client and sign in again.", [PASSAGE])
    assert whole.doubt < half.doubt < 1.0
