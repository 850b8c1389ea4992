"""A run of the routing suite as a user asks for it: which turns, routers learned from what."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from eval.dataset import find_dataset
from eval.provenance import RunContext
from eval.result import SuiteRun
from eval.routing import evaluate_routing
from eval.routing_learning import (
    EMBEDDED_AT_MOST,
    learned_scores,
    out_of_fold,
    read_training_set,
    train_on,
    transfer_metrics,
)
from eval.routing_set import Prices, RoutingSet, read_routing_set
from eval.routing_systems import LearnedScores
from eval.set_vectors import training_embedder
from eval.ticket_cost import TokenProfile
from msp_core.bootstrap import Services
from msp_core.bootstrap.knowledge import classifier_embedder, local_embedder
from msp_core.bootstrap.policy import policy_with
from msp_core.errors import UsageError
from msp_core.knowledge.remembering import RememberingEmbedder
from msp_core.routing.catalog import Catalog
from msp_core.routing.learned import LearnedRouter
from msp_core.routing.meaning import what_is_meant
from msp_core.routing.model_file import default_model, read_model
from msp_core.routing.policy import RoutingPolicy

FOLDS = 5
_CHEAP_POLICIES = frozenset({"word_count", "regex", "weak", "strong"})


@dataclass(frozen=True)
class RoutingJob:
    """What to evaluate, and the routers to evaluate.

    Attributes:
        source: a data set's name, a folder or a file.
        split: see `choose_split`.
        train_source: what the learned routers learn from; None for the model file, or with
            `folds` the evaluated turns themselves, each scored by the other folds.
        folds: of a training; None for 5.
        group: the column of groups, of the bootstrap and of the folds.
        model_file: a trained router; None for the one that ships.
        weak_model, strong_model: the pair that labels are priced for; None for the one in use.
        profile: tokens of a ticket, see `TokenProfile.parse`.
    """

    source: str = "routing"
    split: str | None = None
    train_source: str | None = None
    folds: int | None = None
    group: str | None = None
    model_file: Path | None = None
    weak_model: str | None = None
    strong_model: str | None = None
    profile: str | None = None


def run_routing_job(job: RoutingJob, services: Services, *, context: RunContext) -> SuiteRun:
    """Run it.

    Raises:
        MspError: a source, model, column or profile that cannot be used; says why.
    """
    if job.model_file is not None and (job.train_source or job.folds):
        raise UsageError("Give either --model, or --train and --cv to learn one.")
    profile = TokenProfile.parse(job.profile or "")
    prices = pair_prices(job, services)
    data = read_routing_set(
        find_dataset(job.source), split=job.split, prices=prices, group=job.group
    )
    embedder = RememberingEmbedder(classifier_embedder(services.settings, services.embedder))
    learned, notes = _learned(job, data, embedder, services, context)
    if len(data.turns) <= EMBEDDED_AT_MOST:  # in one go: packed, they take a third of the time
        embedder.embed(
            [what_is_meant(turn.request).text for turn in (*data.turns, *data.floor_turns)]
        )
    policy: RoutingPolicy | None = policy_with(embedder, services.settings, services.models)
    # Like the assistant's: it embeds a turn once, for floors and score together.
    afresh = RememberingEmbedder(local_embedder(services.settings), most=1)
    timed = policy_with(afresh, services.settings, services.models)
    if len(data.turns) > EMBEDDED_AT_MOST:
        notes.append(
            f"{len(data.turns):,} turns are more than the {EMBEDDED_AT_MOST:,} that are embedded"
            " here, so what needs an embedding is left out: two_head, knn and a learned policy."
        )
        if services.settings.routing_policy not in _CHEAP_POLICIES:
            policy = None
    run = evaluate_routing(
        data,
        policy,
        prices,
        learned=learned,
        profile=profile,
        context=context,
        notes=notes,
        timed=timed,
    )
    if job.train_source is None and job.folds is None:
        return run
    transfer = tuple(transfer_metrics(data, embedder, seed=context.seed))
    return replace(run, result=replace(run.result, metrics=run.result.metrics + transfer))


def pair_prices(job: RoutingJob, services: Services) -> Prices:
    """The prices of the pair that is asked for, else of the models in use.

    Raises:
        UsageError: a model that the catalogue and the user's own prices do not know.
        ConfigurationError: a retired model; names its successor.
    """
    catalog, models = services.catalog, services.models
    return Prices.of(
        _known(job.weak_model, catalog) or models.weak.model_id,
        _known(job.strong_model, catalog) or models.strong.model_id,
        catalog,
    )


def _known(model_id: str | None, catalog: Catalog) -> str | None:
    if model_id is None:
        return None
    catalog.check_alive(model_id)
    if catalog.card(model_id) is None:
        close = difflib.get_close_matches(model_id, list(catalog.cards), n=1, cutoff=0.5)
        meant = f" Did you mean {close[0]}?" if close else ""
        raise UsageError(
            f"The model {model_id!r} is not in the catalogue.{meant} `msp models` lists what is,"
            " and a price file of your own (MSP_PRICES) can add it."
        )
    return model_id


def _learned(
    job: RoutingJob,
    data: RoutingSet,
    embedder: RememberingEmbedder,
    services: Services,
    context: RunContext,
) -> tuple[Mapping[str, LearnedScores], list[str]]:
    """Scores of the learned routers on the turns, and what must be said of them."""
    own_groups, folds = job.group is not None, job.folds or FOLDS
    notes: list[str] = []
    if job.train_source is None and job.folds is not None:
        scores = out_of_fold(data, embedder, folds=folds, seed=context.seed, own_groups=own_groups)
        return scores, notes
    if job.train_source is None:
        model = default_model() if job.model_file is None else read_model(job.model_file)
    else:
        taught, folder = read_training_set(
            job.train_source, split=None, group=job.group, catalog=services.catalog
        )
        notes += _overlap(taught, data)
        model = train_on(
            taught,
            training_embedder(embedder, folder),
            folds=folds,
            seed=context.seed,
            own_groups=own_groups,
        )
        if left_out := model.trained_on.n_left_out:
            notes.append(f"Learned from a sample: {left_out:,} rows were left out.")
    router = LearnedRouter(model, embedder.embed, embedder_id=embedder.model_id)
    return learned_scores(router, data.turns), notes


def _overlap(taught: RoutingSet, data: RoutingSet) -> list[str]:
    """Nothing when no text stands on both sides.

    Raises:
        UsageError: they are the same turns.
    """
    if (taught.sha256, taught.split) == (data.sha256, data.split):
        raise UsageError(
            f"--train gives the very turns that are evaluated ({data.name}, split {data.split}), so"
            " the routers would be tried on what they learned. Use --cv 5 without --train, or other"
            " turns."
        )
    seen = {turn.request for turn in taught.turns}
    shared = sum(turn.request in seen for turn in data.turns)
    if not shared:
        return []
    return [f"{shared:,} of the evaluated turns also stand in the training data, word for word."]
