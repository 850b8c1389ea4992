"""The one place that picks adapters and puts the parts together."""

import importlib.util
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msp_core.checkout import require_checkout
from msp_core.clock import Clock, fixed_clock, system_clock
from msp_core.conversations.store import ConversationStore
from msp_core.costs.ledger import Ledger
from msp_core.customers import Customer, Team, read_customers, read_teams
from msp_core.errors import ConfigurationError, MspError, UsageError
from msp_core.routing.catalog import Catalog, load_catalog
from msp_core.routing.floor_patterns import match_floor
from msp_core.routing.policy import RoutingPolicy, Trained, make_policy
from msp_core.scope import Role, Scope
from msp_core.settings import Settings
from msp_core.tickets.desk import Desk
from msp_core.tickets.store import TicketStore

if TYPE_CHECKING:
    from msp_core.assistant.assistant import Assistant
    from msp_core.assistant.models import ModelPair
    from msp_core.knowledge.embedding import Embedder, Purpose
    from msp_core.knowledge.index import KnowledgeIndex, Tier
    from msp_core.knowledge.retriever import Retriever
    from msp_core.knowledge.tier_state import TierState
    from msp_core.knowledge.tiers import Tiers

logger = logging.getLogger(__name__)

LOCAL_ACTOR = "local"
CUSTOMERS_FILE, TEAMS_FILE = "customers.json", "teams.json"


@dataclass(frozen=True)
class Services:
    """The parts of the workbench; each is made when it is first used.

    Args:
        settings: from the environment.
        data_dir: tickets and articles in the layout of `data/`, to be loaded.
        desk_dir: where `customers.json` and `teams.json` are read; None for `data_dir`.
    """

    settings: Settings
    data_dir: Path
    desk_dir: Path | None = None

    @cached_property
    def clock(self) -> Clock:
        """The real time, or the pinned one of `MSP_NOW`."""
        now = self.settings.now
        return system_clock if now is None else fixed_clock(now)

    @cached_property
    def customers(self) -> dict[str, Customer]:
        """The desk's customers by id."""
        return read_customers((self.desk_dir or self.data_dir) / CUSTOMERS_FILE)

    @cached_property
    def tickets(self) -> TicketStore:
        """Where tickets are kept."""
        from msp_core.tickets.sqlite import SqliteTicketStore

        return SqliteTicketStore(self.settings.state_dir / "tickets.db")

    @cached_property
    def teams(self) -> dict[str, Team]:
        """The desk's teams by id."""
        return read_teams((self.desk_dir or self.data_dir) / TEAMS_FILE)

    @cached_property
    def desk(self) -> Desk:
        """What may be done with tickets."""
        return Desk(self.tickets, self.clock)

    @cached_property
    def conversations(self) -> ConversationStore:
        """Where conversations and approvals are kept."""
        from msp_core.conversations.sqlite import SqliteConversationStore

        return SqliteConversationStore(self.settings.state_dir / "conversations.db")

    @cached_property
    def embedder(self) -> "Embedder":
        """Titan on AWS; else MiniLM, with the vectors that ship beside the data."""
        if self.settings.backend == "aws" and self.settings.embedding_path is None:
            return titan(self.settings)
        from msp_core.knowledge.embedding_cache import CachedEmbedder

        purposes: tuple[Purpose, ...] = ("document", "query")
        if self.settings.embedding_path is not None:  # it may have a prompt for queries
            purposes = ("document",)
        file = self.data_dir / "embeddings.npz"
        return CachedEmbedder(local_embedder(self.settings), file, purposes=purposes)

    @cached_property
    def tiers(self) -> "Tiers":
        """The hot and the cold index, and the statistics."""
        if self.settings.backend == "aws":
            return aws_tiers(self.settings, self.embedder)
        tiers = local_tiers(self.settings.state_dir / "knowledge", self.embedder)
        if self.settings.opensearch_endpoint is None:
            return tiers
        return replace(tiers, hot=opensearch_index(self.settings, self.embedder))

    @cached_property
    def tier_state(self) -> "TierState":
        """How documents are used, and what the hot tier's capacity is."""
        from msp_core.knowledge.tier_state import TierState

        return TierState(self.settings.state_dir / "knowledge" / "tiers.db")

    def choose_hot(self, sizes: Mapping[str, int]) -> frozenset[str]:
        """The documents that belong into the hot tier, given the number of chunks of each."""
        from msp_core.knowledge.tiering import choose_hot

        return choose_hot(sizes, self.tier_state.heat(), self.tier_state.capacity())

    @cached_property
    def retriever(self) -> "Retriever":
        """The search over both tiers; it counts what is used."""
        from msp_core.knowledge.retriever import Retriever

        return Retriever(self.tiers, self.embedder, on_use=self._note_use)

    def _note_use(self, document_ids: Sequence[str]) -> None:
        try:
            self.tier_state.record_use(document_ids, self.clock())
        except MspError as error:  # a search that found something is not lost for it
            logger.warning("the use of %d documents is not counted: %s", len(document_ids), error)

    @cached_property
    def catalog(self) -> Catalog:
        """What models cost and can do; prices of `MSP_PRICES` win over the shipped ones."""
        if self.settings.prices is None:
            return load_catalog()
        from msp_core.routing.price_file import read_price_file

        return load_catalog().with_prices(read_price_file(self.settings.prices))

    @cached_property
    def models(self) -> "ModelPair":
        """The weak and the strong chat model."""
        from msp_core.assistant.models import build_models

        return build_models(self.settings, self.catalog)

    @cached_property
    def policy(self) -> RoutingPolicy:
        """Which of the two takes a turn; see `policy_with`."""
        return self.policy_with(self.embedder)

    def policy_with(self, embedder: "Embedder") -> RoutingPolicy:
        """The policy of the settings, which embeds turns with this embedder.

        Raises:
            ConfigurationError: a budget is set, and a model is unpriced: it could not be kept.
        """
        from msp_core.routing.draft_check import check_draft
        from msp_core.routing.floor_head import FindFloor, make_find_floor, shipped_head

        settings, models = self.settings, self.models
        head = shipped_head()
        find_floor: FindFloor = match_floor
        if embedder.model_id == head.embedding:
            find_floor = make_find_floor(embedder.embed, head)
        capped = settings.daily_budget_usd, settings.customer_daily_budget_usd
        for model in (models.weak, models.strong):
            if model.price is None and capped != (None, None):
                raise ConfigurationError(
                    f"A daily budget is set, and the price of {model.model_id} is not known: the"
                    " budget could not be kept. Give its price in a file and set MSP_PRICES to it."
                )
        return make_policy(
            settings.routing_policy,
            models.weak.price,
            models.strong.price,
            find_floor=find_floor,
            threshold=settings.routing_threshold,
            check_draft=check_draft,
            trained=self._trained_router(embedder),
        )

    def _trained_router(self, embedder: "Embedder") -> Trained | None:
        """The shipped router; None beside another embedder, whose vectors it does not know."""
        from msp_core.routing.learned import LearnedRouter
        from msp_core.routing.model_file import default_model

        model = default_model()
        if embedder.model_id != model.embedder_id:
            logger.warning(
                "the shipped router was trained with %s and is not used with %s: learned and"
                " cascade count words. Train your own with `msp routing train`.",
                model.embedder_id,
                embedder.model_id,
            )
            return None
        router = LearnedRouter(model, embedder.embed, embedder_id=embedder.model_id)
        return Trained(
            scorer=router.scorer("two_head"),
            threshold=model.threshold,
            familiarity=router.familiarity,
            least_familiar=model.least_familiar,
            version=f"{model.trained_on.name}-{model.trained_on.sha256[:12]}",
        )

    @cached_property
    def ledger(self) -> Ledger:
        """What model calls cost."""
        from msp_core.costs.sqlite import SqliteLedger

        return SqliteLedger(self.settings.state_dir / "ledger.db")

    @property
    def decision_log(self) -> Path:
        """The file of routing decisions."""
        return self.settings.state_dir / "decisions.jsonl"

    @cached_property
    def assistant(self) -> "Assistant":
        """The assistant."""
        from strands.session import FileSessionManager

        from msp_core.assistant.assistant import Assistant, Parts
        from msp_core.costs.budget import DailyBudget
        from msp_core.guardrails.policy import load_policy
        from msp_core.guardrails.rules import RuleGuardrail
        from msp_core.routing.decision_log import FileDecisionLog

        settings = self.settings
        sessions = str(self.settings.state_dir / "sessions")
        parts = Parts(
            desk=self.desk,
            retriever=self.retriever,
            guardrail=RuleGuardrail(load_policy()),
            conversations=self.conversations,
            models=self.models,
            policy=self.policy,
            open_session=lambda session_id: FileSessionManager(session_id, storage_dir=sessions),
            ledger=self.ledger,
            budget=DailyBudget(settings.daily_budget_usd, settings.customer_daily_budget_usd),
            decisions=FileDecisionLog(self.decision_log),
            clock=self.clock,
            customer_names={row.customer_id: row.name for row in self.customers.values()},
        )
        return Assistant(parts)

    def local_scope(self, customer_id: str | None = None) -> Scope:
        """The scope of whoever runs this machine: a manager of every customer.

        Raises:
            UsageError: there is no customer of that id.
        """
        if customer_id is not None and customer_id not in self.customers:
            known = ", ".join(sorted(self.customers))
            raise UsageError(f"Unknown customer {customer_id!r}. Known: {known}.")
        return Scope(LOCAL_ACTOR, Role.MANAGER, frozenset(self.customers), customer_id)


def local_embedder(settings: Settings) -> "Embedder":
    """MiniLM, or the model folder of `MSP_EMBEDDING_PATH`."""
    from msp_core.knowledge.minilm import MiniLm

    return MiniLm(settings.embedding_path)


def titan(settings: Settings) -> "Embedder":
    """Titan through Bedrock."""
    from msp_core.knowledge.aws_calls import make_client
    from msp_core.knowledge.titan import CONNECTIONS, Titan

    client = make_client("bedrock-runtime", region=settings.aws_region, connections=CONNECTIONS)
    model = settings.bedrock_embedding_model
    return Titan(client, model=model, dimension=settings.embedding_dimension)


def opensearch_index(settings: Settings, embedder: "Embedder") -> "KnowledgeIndex":
    """The hot index at `MSP_OPENSEARCH_ENDPOINT`.

    Raises:
        ConfigurationError: it is not set, or opensearch-py is not installed.
    """
    if importlib.util.find_spec("opensearchpy") is None:
        raise ConfigurationError(
            "MSP_OPENSEARCH_ENDPOINT is set, and opensearch-py is not installed. Run "
            "`pip install 'msp-support-assistant[opensearch]'`, or unset it."
        )
    from msp_core.knowledge.opensearch import OpenSearchIndex
    from msp_core.knowledge.opensearch_client import OpenSearchClient

    endpoint = _needed("MSP_OPENSEARCH_ENDPOINT", settings.opensearch_endpoint)
    client = OpenSearchClient(endpoint, region=settings.aws_region)
    return OpenSearchIndex(
        client,
        engine=settings.opensearch_engine or ("faiss" if client.is_serverless else "lucene"),
        model_id=embedder.model_id,
        dimension=embedder.dimension,
    )


def aws_tiers(settings: Settings, embedder: "Embedder") -> "Tiers":
    """OpenSearch, S3 Vectors, and the statistics in the artifacts bucket.

    Raises:
        ConfigurationError: one of their settings is missing.
    """
    from msp_core.knowledge.aws_calls import make_client
    from msp_core.knowledge.s3_statistics import S3Statistics
    from msp_core.knowledge.s3_vectors import S3VectorsIndex
    from msp_core.knowledge.tiers import Tiers

    cold = S3VectorsIndex(
        make_client("s3vectors", region=settings.aws_region),
        bucket=_needed("MSP_VECTOR_BUCKET", settings.vector_bucket),
        index=_needed("MSP_VECTOR_INDEX", settings.vector_index),
        model_id=embedder.model_id,
        dimension=embedder.dimension,
    )
    statistics = S3Statistics(
        make_client("s3", region=settings.aws_region),
        bucket=_needed("MSP_ARTIFACTS_BUCKET", settings.artifacts_bucket),
    )
    return Tiers(hot=opensearch_index(settings, embedder), cold=cold, statistics=statistics)


def _needed(name: str, value: str | None) -> str:
    if value is None:
        raise ConfigurationError(f"{name} is not set, and MSP_BACKEND=aws needs it.")
    return value


def local_tiers(folder: Path, embedder: "Embedder") -> "Tiers":
    """Embedded indexes and statistics in a folder, for vectors of this embedder."""
    from msp_core.knowledge.embedded import EmbeddedIndex
    from msp_core.knowledge.sqlite_statistics import SqliteStatistics
    from msp_core.knowledge.tiers import Tiers

    def index(tier: "Tier") -> EmbeddedIndex:
        return EmbeddedIndex(
            folder / f"{tier}.db",
            tier=tier,
            model_id=embedder.model_id,
            dimension=embedder.dimension,
        )

    return Tiers(
        hot=index("hot"),
        cold=index("cold"),
        statistics=SqliteStatistics(folder / "statistics.db"),
    )


def build_services(settings: Settings | None = None, *, data_dir: Path | None = None) -> Services:
    """The services for these settings.

    Args:
        settings: default: those of the environment.
        data_dir: default: the shipped data; then the customers are those that were loaded last
            into the state folder, so that the desk goes on with a user's own.

    Raises:
        ConfigurationError: a setting is malformed or unknown; no `data_dir` outside a checkout.
    """
    settings = settings or Settings.from_env()
    if data_dir is not None:
        return Services(settings, data_dir)
    shipped = require_checkout("msp") / "data"
    loaded = settings.state_dir / CUSTOMERS_FILE
    return Services(settings, shipped, settings.state_dir if loaded.is_file() else None)
