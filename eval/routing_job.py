"""A run of the routing suite as a user asks for it: which turns, routers learned from what."""

import difflib
from collections.abc import Iterator, Mapping
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
from msp_core.bootstrap.policy import policy_with, router_of
from msp_core.errors import UsageError
from msp_core.knowledge.remembering import RememberingEmbedder
from msp_core.routing.catalog import Catalog
from msp_core.routing.learned import LearnedRouter
from msp_core.routing.meaning import what_is_meant
from msp_core.routing.model_file import read_model
from msp_core.routing.policy import RoutingPolicy
from msp_core.routing.router_model import RouterModel

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
        model_file: a trained router; None for the one of the settings.
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
    notes: list[str] = []
    router: RouterModel | None = None
    if job.train_source is None and job.folds is not None:
        learned: Mapping[str, LearnedScores] = out_of_fold(
            data, embedder, folds=job.folds, seed=context.seed, own_groups=job.group is not None
        )
    else:
        router = _router(job, data, embedder, services, context, notes)
        notes += _said_of(router, data, job, services)
        own = LearnedRouter(router, embedder.embed, embedder_id=embedder.model_id)
        learned = learned_scores(own, data.turns)
    if len(data.turns) <= EMBEDDED_AT_MOST:  # in one go: packed, they take a third of the time
        embedder.embed(
            [what_is_meant(turn.request).text for turn in (*data.turns, *data.floor_turns)]
        )
    given = router if _gives_router(job) else None
    policy: RoutingPolicy | None = policy_with(
        embedder, services.settings, services.models, router=given
    )
    # Like the assistant's: it embeds a turn once, for floors and score together.
    afresh = RememberingEmbedder(local_embedder(services.settings), most=1)
    timed = policy_with(afresh, services.settings, services.models, router=given)
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
        router=_named(job, router, services),
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


def _gives_router(job: RoutingJob) -> bool:
    return job.model_file is not None or job.train_source is not None


def _router(
    job: RoutingJob,
    data: RoutingSet,
    embedder: RememberingEmbedder,
    services: Services,
    context: RunContext,
    notes: list[str],
) -> RouterModel:
    """The router that is asked for, read or learned; what must be said of it goes to the notes."""
    if job.model_file is not None:
        return read_model(job.model_file)
    if job.train_source is None:
        return router_of(services.settings)
    taught, folder = read_training_set(
        job.train_source, split=None, group=job.group, catalog=services.catalog
    )
    notes += _overlap(taught, data)
    model = train_on(
        taught,
        training_embedder(embedder, folder),
        folds=job.folds or FOLDS,
        seed=context.seed,
        own_groups=job.group is not None,
    )
    if left_out := model.trained_on.n_left_out:
        notes.append(f"Learned from a sample: {left_out:,} rows were left out.")
    return model


def _named(job: RoutingJob, router: RouterModel | None, services: Services) -> str:
    """Which router took part, by its file's name alone, and what it learned from."""
    if router is None:
        return "out of fold (the policy has its own)"
    file = job.model_file or services.settings.routing_model
    origin = "shipped" if file is None else file.name
    if job.train_source is not None:
        origin = "learned in this run"
    about = router.trained_on
    return f"{origin}: {about.name}, split {about.split}, n={about.n}, sha256 {about.sha256[:12]}"


def _said_of(
    router: RouterModel, data: RoutingSet, job: RoutingJob, services: Services
) -> Iterator[str]:
    """Whether it knows the turns already, and whether the policy goes by it."""
    about = router.trained_on
    names, splits = about.name.split("+"), about.split.split("+")
    joined = len(names) > 1 and data.name in names  # whose hash is that of all its sets
    if data.split in splits and (about.sha256 == data.sha256 or joined):
        yield (
            f"The router has learned from these very turns ({data.name}, split {data.split}): its"
            " figures here are too good. Evaluate it on turns that it has not seen, or with --cv 5."
        )
    chosen = services.settings.routing_policy
    if _gives_router(job) and chosen in _CHEAP_POLICIES:
        yield (
            f"The policy is {chosen}, which goes by no learned router: the one given shows as"
            " two_head, knn and lexical alone. Set MSP_ROUTING_POLICY=learned to try it as policy."
        )


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
