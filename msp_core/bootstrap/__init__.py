"""The one place that picks adapters and puts the parts together."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from msp_core.scope import Role, Scope
from msp_core.settings import Settings
from msp_core.tickets.desk import Desk
from msp_core.tickets.store import TicketStore
from msp_core.tokens import LOCAL_RULES, LocalTokens, TokenRules

if TYPE_CHECKING:
    from msp_core.assistant.assistant import Assistant
    from msp_core.assistant.models import ModelPair
    from msp_core.dynamodb.table import Table
    from msp_core.knowledge.embedding import Embedder
    from msp_core.knowledge.retriever import Retriever
    from msp_core.knowledge.tiering.state import TierState
    from msp_core.knowledge.tiers import Tiers
    from msp_core.routing.policy import RoutingPolicy
    from msp_core.state.restore import StateDatabase

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
        if self.settings.backend == "aws":
            from msp_core.tickets.dynamodb import DynamoTicketStore

            return DynamoTicketStore(self._table(self.settings.tickets_table))
        from msp_core.tickets.sqlite import SqliteTicketStore

        return SqliteTicketStore(self.settings.state_dir / "tickets.db")

    @cached_property
    def teams(self) -> dict[str, Team]:
        """The desk's teams by id."""
        return read_teams((self.desk_dir or self.data_dir) / TEAMS_FILE)

    @cached_property
    def desk(self) -> Desk:
        """What may be done with tickets."""
        return Desk(self.tickets, self.clock, self.customers)

    @cached_property
    def token_rules(self) -> TokenRules:
        """Whose tokens are accepted.

        Raises:
            ConfigurationError: on AWS, and it is not set whose.
        """
        if self.settings.backend == "local":
            return LOCAL_RULES
        issuer, client_id = self.settings.cognito_issuer, self.settings.cognito_client_id
        if issuer is None or client_id is None:
            raise ConfigurationError(
                "The Ticket API on AWS needs MSP_COGNITO_ISSUER and MSP_COGNITO_CLIENT_ID, which "
                "say whose tokens count. Set both."
            )
        return TokenRules(issuer, client_id)

    @cached_property
    def local_tokens(self) -> LocalTokens:
        """Makes and checks the tokens of this machine.

        Raises:
            ConfigurationError: on AWS, where nobody may sign in with them.
        """
        if self.settings.backend != "local":
            raise ConfigurationError(
                "Local tokens are refused with MSP_BACKEND=aws: there, people sign in with "
                "Cognito. Unset MSP_BACKEND."
            )
        return LocalTokens(self.settings.state_dir / "tokens.key", self.clock)

    @cached_property
    def conversations(self) -> ConversationStore:
        """Where conversations and approvals are kept."""
        if self.settings.backend == "aws":
            from msp_core.conversations.dynamodb import DynamoConversationStore

            return DynamoConversationStore(self._table(self.settings.sessions_table), self.clock)
        from msp_core.conversations.sqlite import SqliteConversationStore

        return SqliteConversationStore(self.settings.state_dir / "conversations.db", self.clock)

    def _table(self, name: str | None) -> "Table":
        from msp_core.dynamodb.table import Table

        if name is None:
            raise ConfigurationError(
                "MSP_BACKEND=aws needs TICKETS_TABLE_NAME and SESSIONS_TABLE_NAME. Set both."
            )
        return Table(name, region=self.settings.aws_region)

    @cached_property
    def embedder(self) -> "Embedder":
        """Turns texts into vectors."""
        from msp_core.bootstrap.knowledge import make_embedder

        return make_embedder(self.settings, self.data_dir)

    @cached_property
    def tiers(self) -> "Tiers":
        """The hot and the cold index, and the statistics."""
        from msp_core.bootstrap.knowledge import make_tiers

        return make_tiers(self.settings, self.embedder)

    @cached_property
    def tier_state(self) -> "TierState":
        """How documents are used, and what the hot tier's capacity is."""
        from msp_core.knowledge.tiering.state import TierState

        return TierState(self.settings.state_dir / "knowledge" / "tiers.db")

    def choose_hot(self, sizes: Mapping[str, int]) -> frozenset[str]:
        """The documents that belong into the hot tier, given the number of chunks of each."""
        from msp_core.knowledge.tiering.run import choose_hot

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
    def policy(self) -> "RoutingPolicy":
        """Which of the two takes a turn."""
        from msp_core.bootstrap.knowledge import classifier_embedder
        from msp_core.bootstrap.policy import policy_with

        embedder = classifier_embedder(self.settings, self.embedder)
        return policy_with(embedder, self.settings, self.models)

    @cached_property
    def ledger(self) -> Ledger:
        """What model calls cost."""
        if self.settings.backend == "aws":
            from msp_core.costs.dynamodb import DynamoLedger

            return DynamoLedger(self._table(self.settings.sessions_table), self.clock)
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

        from msp_core.assistant.assistant import Assistant
        from msp_core.assistant.parts import Parts
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
    _finish_restore(settings.state_dir)
    if data_dir is not None:
        return Services(settings, data_dir)
    shipped = require_checkout("msp") / "data"
    loaded = settings.state_dir / CUSTOMERS_FILE
    return Services(settings, shipped, settings.state_dir if loaded.is_file() else None)


def state_databases() -> "dict[str, StateDatabase]":
    """The databases of the state folder that this version knows, by name."""
    from msp_core.conversations import sqlite as conversations
    from msp_core.costs import sqlite as costs
    from msp_core.knowledge import embedded_file, quarantine
    from msp_core.knowledge.sources import sqlite_rules
    from msp_core.knowledge.statistics import sqlite as statistics
    from msp_core.knowledge.tiering import state as tiering
    from msp_core.state.restore import StateDatabase
    from msp_core.tickets import sqlite_schema as tickets

    index = StateDatabase(
        embedded_file.MIGRATIONS, oldest=embedded_file.OLDEST, on_restore=embedded_file.NEW_EPOCH
    )
    return {
        "conversations.db": StateDatabase(conversations.MIGRATIONS),
        "ledger.db": StateDatabase(costs.MIGRATIONS),
        "tickets.db": StateDatabase(tickets.MIGRATIONS),
        "knowledge/cold.db": index,
        "knowledge/hot.db": index,
        "knowledge/quarantine.db": StateDatabase(quarantine.MIGRATIONS),
        "knowledge/sources.db": StateDatabase(sqlite_rules.MIGRATIONS),
        "knowledge/statistics.db": StateDatabase(statistics.MIGRATIONS),
        "knowledge/tiers.db": StateDatabase(tiering.MIGRATIONS),
    }


def _finish_restore(state_dir: Path) -> None:
    if (state_dir / "restore.pending").is_dir():
        from msp_core.state.restore import finish_restore

        finish_restore(state_dir)
