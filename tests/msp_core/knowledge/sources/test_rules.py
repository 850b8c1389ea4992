from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from msp_core.aws_calls import make_client
from msp_core.errors import CorruptData, UsageError
from msp_core.knowledge.sources.file_document import Defaults
from msp_core.knowledge.sources.rules import (
    SourceRule,
    SourceRules,
    check_same_defaults,
    defaults_of,
)
from msp_core.knowledge.sources.s3_rules import KEY, S3SourceRules
from msp_core.knowledge.sources.sqlite_rules import SqliteSourceRules

ACME, ALL = Defaults("internal", "acme"), Defaults("public")


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        client = make_client("s3", region="us-east-1")
        client.create_bucket(Bucket="artifacts")
        yield client


@pytest.fixture(params=["sqlite", "s3"])
def rules(request: pytest.FixtureRequest, tmp_path: Path) -> SourceRules:
    if request.param == "s3":
        return S3SourceRules(request.getfixturevalue("client"), bucket="artifacts")
    return SqliteSourceRules(tmp_path / "sources.db")


def test_a_rule_holds_also_for_the_sources_below_it(rules: SourceRules) -> None:
    assert rules.all() == {}
    rules.fix(SourceRule("s3:docs/%_/", ACME))
    rules.fix(SourceRule("s3:docs/kb/", ACME))
    rules.fix(SourceRule("s3:docs/kb/a/", ALL))
    assert rules.all() == {"s3:docs/%_/": ACME, "s3:docs/kb/": ACME, "s3:docs/kb/a/": ALL}
    rules.fix(SourceRule("s3:docs/kb/", ACME))
    assert rules.all() == {"s3:docs/%_/": ACME, "s3:docs/kb/": ACME}
    rules.fix(SourceRule("s3:docs/%", ALL))
    assert rules.all() == {"s3:docs/%": ALL, "s3:docs/kb/": ACME}


def test_the_nearest_rule_counts_and_another_one_is_refused() -> None:
    rules = {"s3:docs/": ACME, "s3:docs/open/": ALL}
    assert defaults_of(rules, "s3:docs/open/x.md") == ALL
    assert defaults_of(rules, "s3:docs/opening.md") == ACME
    assert defaults_of(rules, "s3:docs2/x.md") is None
    check_same_defaults(rules, SourceRule("s3:docs/open/", ALL))
    check_same_defaults(rules, SourceRule("s3:docs/new/", ACME))
    check_same_defaults(rules, SourceRule("s3:docs2/", ALL))
    for prefix, defaults in (("s3:docs/", ACME), ("s3:docs/new/", ALL), ("s3:docs/open/", ACME)):
        with pytest.raises(UsageError, match="--replace"):
            check_same_defaults(rules, SourceRule(prefix, defaults))


def test_a_damaged_object_is_named(client: Any) -> None:
    client.put_object(Bucket="artifacts", Key=KEY, Body=b'{"s3:docs/": {"audience": "everyone"}}')
    with pytest.raises(CorruptData, match="ingest --from"):
        S3SourceRules(client, bucket="artifacts").all()
