"""What every store of lexical statistics does; a store joins by adding a line to `STORES`."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from moto import mock_aws
from moto.s3.responses import S3Response

from msp_core.aws_calls import make_client
from msp_core.knowledge.statistics.lexical_statistics import Counted, StatisticsStore, count_terms
from msp_core.knowledge.statistics.s3 import S3Statistics
from msp_core.knowledge.statistics.sqlite import SqliteStatistics
from tests.fakes.knowledge import chunk

OpenStore = Callable[[], StatisticsStore]


@contextmanager
def s3() -> Iterator[OpenStore]:
    lock, put_object = Lock(), S3Response.put_object

    def one_at_a_time(self: S3Response) -> Any:  # moto has no locks, and S3's writes are atomic
        with lock:
            return put_object(self)

    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(S3Response, "put_object", one_at_a_time)
        client = make_client("s3", region="us-east-1")
        client.create_bucket(Bucket="artifacts")
        yield lambda: S3Statistics(client, bucket="artifacts", looked_every_s=0)


STORES: dict[str, Callable[[Path], AbstractContextManager[OpenStore]]] = {
    "sqlite": lambda folder: nullcontext(lambda: SqliteStatistics(folder / "statistics.db")),
    "s3": lambda _folder: s3(),
}


@pytest.fixture(params=STORES)
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    with STORES[request.param](tmp_path) as open_store:
        yield open_store


@pytest.fixture
def store(open_store: OpenStore) -> StatisticsStore:
    return open_store()


FIRST = [chunk("d1", "vpn vpn"), chunk("d1", "vpn tea", 1), chunk("日本", "tea")]


def test_an_empty_store_knows_nothing(store: StatisticsStore) -> None:
    assert store.documents() == {}
    known = store.look_up(["vpn"])
    assert (known.chunks, known.tokens, known.frequencies) == (0, 0, {})
    store.delete(["unknown"])
    store.replace([])
    store.remove()
    assert store.verify() == []


def test_documents_are_counted_replaced_and_taken_out(
    store: StatisticsStore, open_store: OpenStore
) -> None:
    store.replace(count_terms(FIRST))
    assert store.documents() == {
        "d1": Counted(FIRST[0].content_hash, 2),
        "日本": Counted(FIRST[2].content_hash, 1),
    }
    known = store.look_up(["vpn", "tea", "none"])
    assert (known.chunks, known.tokens, known.frequencies) == (3, 11, {"vpn": 2, "tea": 2})
    store.replace(count_terms([chunk("d1", "printer")]))
    other = open_store()
    assert other.look_up(["vpn", "tea", "printer"]).frequencies == {"tea": 1, "printer": 1}
    other.delete(["日本", "unknown"])
    assert store.documents() == {"d1": Counted("hash of printer", 1)}
    assert store.look_up(["tea"]).chunks == 1
    assert store.verify() == other.verify() == []
    store.remove()
    assert other.documents() == {}


def test_nothing_is_lost_when_many_write_at_once(open_store: OpenStore) -> None:
    names = [f"d{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: open_store().replace(count_terms([chunk(name, "vpn")])), names))
    assert open_store().documents().keys() == set(names)
    assert open_store().look_up(["vpn"]).frequencies == {"vpn": 12}
