"""Length of the articles."""

from statistics import median

from msp_core.data_check.findings import Check
from msp_core.data_check.folder import Folder, article_file
from msp_core.data_check.profile import Profile


def check_article_sizes(folder: Folder, profile: Profile) -> tuple[Check, str]:
    """Articles shorter or longer than the profile allows, and the range found."""
    low, high = profile.article_words
    words = {article_file(article): len(article.text.split()) for article in folder.articles}
    problems = tuple(
        profile.problem(file, 0, f"it has {count} words; {low} to {high} are asked for")
        for file, count in words.items()
        if not low <= count <= high
    )
    found = sorted(words.values())
    shown = f"{found[0]} to {found[-1]}, median {median(found):.0f}" if found else "-"
    return Check("length of articles", "articles", len(words), problems), shown
