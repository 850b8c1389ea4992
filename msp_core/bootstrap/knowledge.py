"""The embedder, the indexes and the statistics of the settings."""

import importlib.util
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msp_core.errors import ConfigurationError, UsageError
from msp_core.settings import Settings

if TYPE_CHECKING:
    from msp_core.knowledge.embedding import Embedder, Purpose, VectorSpace
    from msp_core.knowledge.index import KnowledgeIndex, Tier
    from msp_core.knowledge.quarantine import QuarantineList
    from msp_core.knowledge.sources.file_source import FileSource
    from msp_core.knowledge.sources.rules import SourceRules
    from msp_core.knowledge.sources.s3 import S3Source
    from msp_core.knowledge.tiers import Tiers

_REMEMBERED = 2_000


def make_embedder(settings: Settings, data_dir: Path) -> "Embedder":
    """Titan on AWS; else MiniLM, with the vectors that ship beside the data.

    It embeds a message once for floors, router, triage and search.
    """
    from msp_core.knowledge.remembering import RememberingEmbedder

    if _on_titan(settings):
        return RememberingEmbedder(titan(settings), most=_REMEMBERED)
    from msp_core.knowledge.embedding_cache import CachedEmbedder

    has_prompts = settings.embedding_path is not None  # it may have one for queries
    purposes: tuple[Purpose, ...] = ("document",) if has_prompts else ("document", "query")
    cached = CachedEmbedder(
        local_embedder(settings), data_dir / "embeddings.npz", purposes=purposes
    )
    return RememberingEmbedder(cached, most=_REMEMBERED, has_prompts=has_prompts)


def classifier_embedder(settings: Settings, embedder: "Embedder") -> "Embedder":
    """What router, floors and triage learned with: the searches' embedder, but MiniLM on Titan."""
    if not _on_titan(settings):
        return embedder
    from msp_core.knowledge.remembering import RememberingEmbedder

    return RememberingEmbedder(local_embedder(settings), most=_REMEMBERED)


def make_tiers(settings: Settings, embedder: "Embedder", *, apart: str | None = None) -> "Tiers":
    """Indexes and statistics on AWS or in the state folder; the hot one maybe on OpenSearch.

    `apart` names other ones beside the desk's.
    """
    if settings.backend == "aws":
        return aws_tiers(settings, embedder, apart=apart)
    tiers = local_tiers(settings.state_dir / (apart or "knowledge"), embedder)
    if settings.opensearch_endpoint is None:
        return tiers
    return replace(tiers, hot=opensearch_index(settings, embedder, apart=apart))


@contextmanager
def scratch_tiers(settings: Settings, embedder: "Embedder") -> "Iterator[Tiers]":
    """Empty tiers where the desk's are kept, for a corpus to be measured; dropped at the end.

    On AWS they are an index in the collection, one in the vector bucket and an object in the
    artifacts bucket, all named `msp-scratch-<random>`: what a killed process leaves is known by it.
    """
    name = f"msp-scratch-{uuid.uuid4().hex[:12]}"
    with TemporaryDirectory(prefix="msp-scratch-", ignore_cleanup_errors=True) as folder:
        tiers = make_tiers(replace(settings, state_dir=Path(folder)), embedder, apart=name)
        try:
            yield tiers
        finally:
            tiers.remove()


def _on_titan(settings: Settings) -> bool:
    return settings.backend == "aws" and settings.embedding_path is None


def local_embedder(settings: Settings) -> "Embedder":
    """MiniLM, or the model folder of `MSP_EMBEDDING_PATH`."""
    from msp_core.knowledge.minilm import MiniLm

    return MiniLm(settings.embedding_path)


def titan(settings: Settings) -> "Embedder":
    """Titan through Bedrock."""
    from msp_core.aws_calls import make_client
    from msp_core.knowledge.titan import CONNECTIONS, Titan

    client = make_client("bedrock-runtime", region=settings.aws_region, connections=CONNECTIONS)
    model = settings.bedrock_embedding_model
    return Titan(client, model=model, dimension=settings.embedding_dimension)


def opensearch_index(
    settings: Settings, space: "VectorSpace", *, apart: str | None = None
) -> "KnowledgeIndex":
    """The hot index at `MSP_OPENSEARCH_ENDPOINT`, or another one there of that name.

    Raises:
        ConfigurationError: it is not set, or opensearch-py is not installed.
    """
    if importlib.util.find_spec("opensearchpy") is None:
        raise ConfigurationError(
            "MSP_OPENSEARCH_ENDPOINT is set, and opensearch-py is not installed. Run "
            "`pip install 'msp-support-assistant[opensearch]'`, or unset it."
        )
    from msp_core.knowledge.opensearch import INDEX, OpenSearchIndex
    from msp_core.knowledge.opensearch_client import OpenSearchClient

    endpoint = _needed("MSP_OPENSEARCH_ENDPOINT", settings.opensearch_endpoint)
    client = OpenSearchClient(endpoint, region=settings.aws_region)
    return OpenSearchIndex(
        client,
        engine=settings.opensearch_engine or ("faiss" if client.is_serverless else "lucene"),
        space=space,
        name=apart or INDEX,
    )


def aws_tiers(settings: Settings, space: "VectorSpace", *, apart: str | None = None) -> "Tiers":
    """OpenSearch, S3 Vectors, and the statistics in the artifacts bucket; see `make_tiers`.

    Raises:
        ConfigurationError: one of their settings is missing.
    """
    from msp_core.aws_calls import make_client
    from msp_core.knowledge.s3_vectors import S3VectorsIndex
    from msp_core.knowledge.statistics.s3 import KEY, S3Statistics
    from msp_core.knowledge.tiers import Tiers

    cold = S3VectorsIndex(
        make_client("s3vectors", region=settings.aws_region),
        bucket=_needed("MSP_VECTOR_BUCKET", settings.vector_bucket),
        index=apart or _needed("MSP_VECTOR_INDEX", settings.vector_index),
        space=space,
        mode=settings.vector_mode,
    )
    statistics = S3Statistics(
        make_client("s3", region=settings.aws_region),
        bucket=_needed("MSP_ARTIFACTS_BUCKET", settings.artifacts_bucket),
        key=KEY if apart is None else f"{apart}/{KEY}",
    )
    hot = opensearch_index(settings, space, apart=apart)
    return Tiers(hot=hot, cold=cold, statistics=statistics)


def file_source(settings: Settings, location: str, *, name: str | None = None) -> "FileSource":
    """The files of a folder, or below `s3://bucket/prefix`.

    Args:
        location: of one of the two.
        name: of a folder, in the ids of its documents; buckets have theirs.

    Raises:
        UsageError: no bucket is named, or a name is given for one.
    """
    from msp_core.knowledge.sources.s3 import bucket_and_prefix, is_bucket

    if not is_bucket(location):
        from msp_core.knowledge.sources.folder import FolderSource

        return FolderSource(Path(location), name=name)
    if name is not None:
        raise UsageError("A bucket has its name already. Leave out --as.")
    bucket, prefix = bucket_and_prefix(location)
    return s3_source(settings, bucket, prefix=prefix)


def s3_source(settings: Settings, bucket: str, *, prefix: str = "") -> "S3Source":
    """The files of a bucket below a prefix."""
    from msp_core.aws_calls import make_client
    from msp_core.knowledge.sources.s3 import CONNECTIONS, S3Source

    client = make_client("s3", region=settings.aws_region, connections=CONNECTIONS)
    return S3Source(client, bucket=bucket, prefix=prefix)


def quarantine_list(settings: Settings) -> "QuarantineList":
    """What was left out in the last ingestions."""
    from msp_core.knowledge.quarantine import QuarantineList

    return QuarantineList(settings.state_dir / "knowledge" / "quarantine.db")


def source_rules(settings: Settings) -> "SourceRules":
    """What was fixed for the files of each source, beside the statistics."""
    if settings.backend == "aws":
        from msp_core.aws_calls import make_client
        from msp_core.knowledge.sources.s3_rules import S3SourceRules

        bucket = _needed("MSP_ARTIFACTS_BUCKET", settings.artifacts_bucket)
        return S3SourceRules(make_client("s3", region=settings.aws_region), bucket=bucket)
    from msp_core.knowledge.sources.sqlite_rules import SqliteSourceRules

    return SqliteSourceRules(settings.state_dir / "knowledge" / "sources.db")


def _needed(name: str, value: str | None) -> str:
    if value is None:
        raise ConfigurationError(f"{name} is not set, and MSP_BACKEND=aws needs it.")
    return value


def local_cold_file(settings: Settings) -> Path:
    """Where the cold index of the state folder is, or will be."""
    return settings.state_dir / "knowledge" / "cold.db"


def local_tiers(folder: Path, space: "VectorSpace") -> "Tiers":
    """Embedded indexes and statistics in a folder, for vectors of this space."""
    from msp_core.knowledge.embedded import EmbeddedIndex
    from msp_core.knowledge.statistics.sqlite import SqliteStatistics
    from msp_core.knowledge.tiers import Tiers

    def index(tier: "Tier") -> EmbeddedIndex:
        return EmbeddedIndex(folder / f"{tier}.db", tier=tier, space=space)

    return Tiers(
        hot=index("hot"),
        cold=index("cold"),
        statistics=SqliteStatistics(folder / "statistics.db"),
    )
