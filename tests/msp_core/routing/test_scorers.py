import pytest

from msp_core.routing.request import RouteRequest
from msp_core.routing.scorers import regex_rules, word_count


@pytest.mark.parametrize(
    ("text", "score"),
    [
        # Complex words, in both spellings and any case.
        ("Please analyse the switch logs of the last two weeks", 1.0),
        ("Analyze the switch logs of the last two weeks", 1.0),
        ("Compare both firewalls for the branch office please", 1.0),
        ("troubleshoot the printer in the front office today", 1.0),
        ("Can somebody investigate the slow logins since Monday", 1.0),
        ("Why?", 1.0),
        ("how do I reset my password", 1.0),
        # Complex wins over simple.
        ("list the tickets and compare them", 1.0),
        (" ".join(["word"] * 51), 1.0),
        # Simple.
        ("what is the status of the printer in room four", 0.0),
        ("list every ticket that is open for the school", 0.0),
        ("create a ticket for the broken printer in room four", 0.0),
        ("hello", 0.0),
        ("yes", 0.0),
        ("no", 0.0),
        ("my printer is broken again", 0.0),
        # Neither.
        ("the printer on the second floor is broken", 0.5),
        (" ".join(["word"] * 50), 0.5),
        (" ".join(["word"] * 6), 0.5),
        # Words inside of others do not count.
        ("the showroom screens are listless and creaky since today", 0.5),
    ],
)
def test_the_usual_keyword_router(text: str, score: float) -> None:
    assert regex_rules(RouteRequest(text)) == score


def test_longer_scores_higher() -> None:
    scores = [word_count(RouteRequest("word " * n)) for n in (0, 1, 10, 25, 100, 10_000)]
    assert scores == sorted(set(scores))
    assert scores[0] == 0.0
    assert scores[3] == pytest.approx(0.5)
    assert scores[-1] < 1.0
