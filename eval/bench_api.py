"""`msp bench api`: the speed of the Ticket API, as ratios within one run."""

import hashlib
import json
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np

from eval.api_load import MIX, Call, Caller, Calls, Measured, clients, http_caller, prepare, serving
from eval.provenance import Recording, RunContext
from eval.result import DatasetInfo, Item, Metric, Result, SuiteRun
from msp_core.bootstrap import Services
from msp_core.checkout import require_checkout
from msp_core.errors import ConfigurationError
from msp_core.packaging.lambda_zip import build_lambda
from msp_core.scope import Scope
from msp_core.settings import Settings
from msp_core.tickets.ticket import Ticket
from msp_core.tokens import LOCAL_RULES

SUITE = "bench_api"
SEEDED = 50
"""Tickets there are before anything is measured."""
MOTO_CALLS = 200
CLIENTS = 4
ROUNDS = 5
ROUND_S = 3.0
SMALL, LARGE = 1_000, 100_000
PAGES = 100
IMPORTS = 7
_IMPORT = """
import sys, time
sys.path.insert(0, sys.argv[1])
before = time.process_time()
import app.ticket_api.handler
print(time.process_time() - before)
"""

MakeCaller = Callable[[Services, Scope], Caller]
"""The handler over services, called in this process by whoever has the scope."""
Note = Callable[[str], None]


@dataclass
class Figures:
    """What a run adds up: metrics, and the raw values behind them."""

    metrics: list[Metric] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)

    def add(
        self,
        name: str,
        value: float,
        unit: str,
        n: int,
        *,
        better: bool = False,
        interval: tuple[float, float] | None = None,
    ) -> None:
        """One figure; `better`: higher is better."""
        low, high = interval or (None, None)
        self.metrics.append(
            Metric(
                name=name, system="api", slice="all", value=float(value), low=low, high=high,
                unit=unit, higher_is_better=better, n_scored=n, n_failed=0, n_refused=0,
                kind="live",
            )
        )  # fmt: skip

    def ratio(
        self, name: str, pairs: Sequence[tuple[float, float]], *, better: bool = False
    ) -> None:
        """The ratio of two medians that were measured in turn, its interval from the rounds."""
        values = np.array(pairs)
        generator = np.random.default_rng(7)
        drawn = [
            np.divide(*np.median(values[generator.integers(0, len(values), len(values))], axis=0))
            for _ in range(1000)
        ]
        low, high = np.quantile(drawn, [0.025, 0.975])
        ratio = np.divide(*np.median(values, axis=0))
        interval = (float(low), float(high))
        self.add(name, ratio, "ratio", len(pairs), better=better, interval=interval)
        raw = {"measured": [a for a, _ in pairs], "yardstick": [b for _, b in pairs]}
        self.items.append(Item(
            id=name, system="api", group=name, status="ok", scores={}, raw=raw
        ))  # fmt: skip


def bench_api(
    data_dir: Path, scope: Scope, make_caller: MakeCaller, *, context: RunContext, note: Note
) -> SuiteRun:
    """Measure the handler on SQLite and on moto, the server, pages, and the package's import.

    `handler_vs_moto`: the rate of the mix on SQLite over that on moto, in turn.
    `server_vs_handler`: the rate of four clients over HTTP over that of the handler called in this
    process. `read_p99_vs_p50`: of the reads of one ticket by those clients. `page_100k_vs_1k`: one
    page of a list. `cold_import_vs_source`: CPU seconds of the import of the unpacked package, with
    compiled files over without.

    Args:
        data_dir: with customers and teams.
        scope: who calls; of one customer.
        make_caller: brings the handler.

    Raises:
        ConfigurationError: moto is not installed.
        DependencyFailed: a call was refused or failed.
    """
    recording = Recording(context, models={})
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="msp-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        services = partial(_services, data_dir)
        note("handler on SQLite and on moto")
        _against_moto(services, folder, scope, make_caller, figures, seed=context.seed)
        note(f"server with {CLIENTS} clients, {ROUNDS} rounds of {ROUND_S:g} s")
        _server(services(folder / "served"), scope, make_caller, figures, seed=context.seed)
        note(f"pages of {SMALL:,} and {LARGE:,} tickets")
        _pages(services, folder, scope, make_caller, figures)
        note("import of the package")
        _imports(data_dir, folder, figures)
    digest = hashlib.sha256(json.dumps(MIX).encode()).hexdigest()
    return SuiteRun(
        Result(
            suite=SUITE,
            dataset=DatasetInfo("mix of calls", "all", digest, LARGE),
            provenance=recording.finish(),
            metrics=tuple(figures.metrics),
        ),
        figures.items,
    )


def _services(data_dir: Path, state: Path) -> Services:
    return Services(Settings(state_dir=state, log_level="ERROR"), data_dir)


def _against_moto(
    services: Callable[[Path], Services],
    folder: Path,
    scope: Scope,
    make_caller: MakeCaller,
    figures: Figures,
    *,
    seed: int,
) -> None:
    try:
        from moto import mock_aws
    except ImportError as error:
        raise ConfigurationError(
            "msp bench api compares with moto, which is not installed. Run `./dev check` once: it "
            "prepares an environment that has it."
        ) from error
    from msp_core.dynamodb.table import Table
    from msp_core.tickets.dynamodb_items import TICKETS_TABLE

    own = services(folder / "compared")
    table = "msp-bench"
    settings = replace(
        own.settings, backend="aws", tickets_table=table, sessions_table=table,
        cognito_issuer=LOCAL_RULES.issuer, cognito_client_id=LOCAL_RULES.audience,
    )  # fmt: skip
    with mock_aws():
        Table(table, region=settings.aws_region).create(TICKETS_TABLE)
        callers = [make_caller(made, scope) for made in (own, replace(own, settings=settings))]
        draws = [Calls(random.Random(seed), prepare(caller, SEEDED)) for caller in callers]
        rates = []
        for _ in range(MOTO_CALLS // 20):
            pair = []
            for caller, calls in zip(callers, draws, strict=True):
                measured = Measured()
                for _ in range(20):
                    measured.make(calls.one(), caller)
                measured.require_success()
                pair.append(20 / sum(map(sum, measured.seconds.values())))
            rates.append((pair[0], pair[1]))
    figures.ratio("handler_vs_moto", rates, better=True)
    figures.add("moto_per_second", statistics.median(rate for _, rate in rates), "1/s", MOTO_CALLS)


def _server(
    services: Services, scope: Scope, make_caller: MakeCaller, figures: Figures, *, seed: int
) -> None:
    handler = make_caller(services, scope)
    ids = prepare(handler, SEEDED)
    token = services.local_tokens.issue(scope, lifetime=timedelta(hours=1))
    rates, served = [], Measured()
    with serving(services.settings.state_dir) as port:
        for round_ in range(ROUNDS):
            draws = [
                Calls(random.Random(seed + 10 * round_ + number), ids) for number in range(CLIENTS)
            ]
            alone, alone_s = clients(lambda: nullcontext(handler), 1, draws, seconds=ROUND_S)
            many, many_s = clients(
                lambda: http_caller(port, token), CLIENTS, draws, seconds=ROUND_S
            )
            rates.append((many.count / many_s, alone.count / alone_s))
            for kind, seconds in many.seconds.items():
                served.seconds[kind] += seconds
    figures.ratio("server_vs_handler", rates, better=True)
    server, handler_rate = (statistics.median(values) for values in zip(*rates, strict=True))
    figures.add("server_per_second", server, "1/s", served.count, better=True)
    figures.add("handler_per_second", handler_rate, "1/s", ROUNDS, better=True)
    reads = served.seconds["GET"]
    p50, p99 = np.quantile(reads, [0.5, 0.99])
    figures.add("read_p99_vs_p50", p99 / p50, "ratio", len(reads))
    for kind, seconds in served.seconds.items():
        for share in (0.5, 0.99):
            figures.add(f"{kind.lower()}_p{share * 100:.0f}_ms", 1000 * np.quantile(seconds, share),
                        "ms", len(seconds))  # fmt: skip


def _pages(
    services: Callable[[Path], Services],
    folder: Path,
    scope: Scope,
    make_caller: MakeCaller,
    figures: Figures,
) -> None:
    page = Call("LIST", "GET", "/tickets", query="limit=20")
    callers = []
    for count in (LARGE, SMALL):
        own = services(folder / f"pages-{count}")
        own.tickets.load(_tickets(own, scope, count))
        callers.append(make_caller(own, scope))
    pairs = []
    for _ in range(PAGES):
        pair = []
        for caller in callers:
            measured = Measured()
            measured.make(page, caller)
            measured.require_success()
            pair.append(measured.seconds["LIST"][0])
        pairs.append((pair[0], pair[1]))
    figures.ratio("page_100k_vs_1k", pairs)
    figures.add("page_100k_ms", 1000 * statistics.median(a for a, _ in pairs), "ms", PAGES)


def _tickets(services: Services, scope: Scope, count: int) -> list[Ticket]:
    first = services.desk.create(scope, title="VPN down", description="Since Monday.")
    return [
        replace(
            first,
            ticket_id=f"TKT-20200101-{number:08X}",
            created_at=first.created_at - timedelta(minutes=number),
        )
        for number in range(count)
    ]


def _imports(data_dir: Path, folder: Path, figures: Figures) -> None:
    if sys.platform != "linux":
        return  # the package runs on Linux alone
    here: Mapping[bool, Path] = {True: folder / "compiled", False: folder / "source"}
    arm = platform.machine() in {"aarch64", "arm64"}
    for compiled, target in here.items():
        built = build_lambda(
            require_checkout("msp bench"),
            data_dir,
            folder / f"{target.name}.zip",
            architecture="arm64" if arm else "x86_64",
            compiled=compiled,
        )
        with zipfile.ZipFile(built.path) as package:
            package.extractall(target)
        figures.add(f"package_{target.name}_mb", built.size / 1e6, "MB", 1)
    pairs = [(_import_s(here[True]), _import_s(here[False])) for _ in range(IMPORTS)]
    figures.ratio("cold_import_vs_source", pairs)
    figures.add("cold_import_s", statistics.median(a for a, _ in pairs), "s", IMPORTS)


def _import_s(folder: Path) -> float:
    """CPU seconds; nothing is cached beside the sources, as on Lambda, where they are read-only."""
    base = getattr(sys, "_base_executable", sys.executable)
    done = subprocess.run(
        [base, "-I", "-S", "-B", "-c", _IMPORT, str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)
