"""`scripts/bench integrals`: `montesieve integrate` against vegas, scipy and QMCPy.

Two tables. The first compares the CPU time to equal standard error: seconds times the square of the relative standard error. The
errors of vegas fall as n^-1/2, so the ratio says how long vegas would take to the error in that row. Those of nets fall faster,
so a larger n favours `--method auto`; the row of `--target-error` has the time to the error of vegas instead. The second table
compares the errors against exact values, and the time, at equal points.

Of montesieve the whole program counts, of the others (rival_integrals.py) their work alone. All run on one core. Every answer is
checked: within five standard errors of the exact value, or eight if the error is that of 16 means, which is as likely. Those of
vegas are not: its weighted mean of iterations may be biased, so the table has the largest difference in standard errors instead.
"""

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

FAMILIES = ["oscillatory", "product-peak", "corner-peak", "gaussian", "continuous", "discontinuous"]
REPLICATES, LOG_REPLICATE = 16, 16

# The price of the Asian option with 16 fixings, from 2^28 points, and its standard error:
# montesieve integrate option --style asian --fixings 16 --method sobol --seed 1 268435456
OPTION = (6.057926953271329, 3.23e-5)


@dataclass
class Case:
    """An integrand as both programs know it."""

    title: str
    words: list[str]  # of `montesieve integrate`
    name: str  # of rival_integrals.py
    dimension: int
    samples: float  # of montesieve
    neval: float  # of vegas, for each of 15 iterations
    exact: tuple[float, float] | None = None  # with its standard error; else the report has it


@dataclass
class Run:
    """One answer of one program."""

    seconds: float
    estimate: float
    error: float
    evaluations: float

    def z(self, case: Case) -> float:
        exact, error = case.exact
        return abs(self.estimate - exact) / math.hypot(self.error, error)

    def check(self, case: Case, bound: float) -> "Run":
        assert self.z(case) < bound, (case.title, self, case.exact)
        return self

    def relative_error(self) -> float:
        return self.error / abs(self.estimate)

    def cost(self) -> float:
        """Seconds to a relative error of 1, were errors to fall as n^-1/2."""
        return self.seconds * self.relative_error() ** 2


def family_cases() -> list[Case]:
    def case(family: str, dimension: int) -> Case:
        name, title = f"genz-{family}", f"{family}, {dimension} dimensions"
        return Case(title, [name, "--dim", str(dimension)], name, dimension, 3e6, 3e5)

    return [case(family, dimension) for family in FAMILIES for dimension in (5, 8)]


def cases() -> list[Case]:
    square = "+".join(f"(x{i}-0.5)^2" for i in range(1, 7))
    peak = ["expr", f"exp(-100*({square}))", "--bounds", ",".join(["0:1"] * 6)]
    exact = (math.sqrt(math.pi) / 10 * math.erf(5)) ** 6
    asian = ["option", "--style", "asian", "--fixings", "16"]
    return [
        Case("peak exp(-100 r^2), 6 dimensions", peak, "peak", 6, 3e6, 3e5, (exact, 0)),
        Case("ridge of 1000 peaks, 4 dimensions", ["ridge"], "ridge", 4, 1e6, 3e4),
        Case("the same; numpy factored as montesieve", ["ridge"], "ridge-factored", 4, 1e6, 3e4),
        *family_cases(),
        Case("Asian option, 16 fixings", asian, "option", 16, 3e6, 3e5, OPTION),
    ]


class Programs:
    """The programs on one core: `ours(arguments)` returns seconds and report, `rival(arguments)` its output."""

    def __init__(self, ours: Callable[[list[str]], tuple[float, dict]], rival: Callable[[list[str]], str]) -> None:
        self.ours, self.rival = ours, rival

    def montesieve(self, case: Case, method: str, size: list[str], seed: int) -> Run:
        seconds, report = self.ours(["integrate", *case.words, "--method", method, "--seed", str(seed), *size])
        result = report["result"]
        case.exact = case.exact or (result["exact"], 0)
        return Run(seconds, result["estimate"], result["std_error"], int(result["samples"])).check(case, 5 if method == "vegas" else 8)

    def other(self, case: Case, program: str, size: float, seeds: list[int]) -> list[Run]:
        lines = self.rival([program, case.name, str(case.dimension), str(size), *map(str, seeds)]).splitlines()
        evaluations, bound = (15 * size, math.inf) if program == "vegas" else (REPLICATES * 2**size, 8)
        return [Run(*map(float, line.split()), evaluations).check(case, bound) for line in lines]


def equal_error(programs: Programs, rounds: int) -> None:
    """The table of CPU time to equal standard error."""
    print("| integrand | program | evaluations | relative error | largest z | CPU s | times vegas |")
    print("|---|---|---|---|---|---|---|")
    seeds = range(1, rounds + 1)
    for case in cases():
        contestants: dict[str, list[Run]] = {"auto": [], "vegas": [], "rival": []}
        for seed in seeds:
            for method in ("auto", "vegas"):
                contestants[method].append(programs.montesieve(case, method, [f"{case.samples:.0f}"], seed))
            contestants["rival"] += programs.other(case, "vegas", case.neval, [seed])
        cost = {name: statistics.median([run.cost() for run in runs]) for name, runs in contestants.items()}
        error = statistics.median([run.relative_error() for run in contestants["rival"]])
        target = [programs.montesieve(case, "auto", ["--target-error", f"{error:.3g}r"], seed) for seed in seeds]
        ratio = statistics.median([run.seconds for run in contestants["rival"]]) / statistics.median([run.seconds for run in target])
        line(case, "vegas", contestants["rival"], "")
        for method in ("vegas", "auto"):
            line(case, f"`--method {method}`", contestants[method], f"{cost['rival'] / cost[method]:.3g}")
        line(case, "`--method auto --target-error`", target, f"{ratio:.3g}")


def line(case: Case, program: str, runs: list[Run], ratio: str) -> None:
    size, error = statistics.median([run.evaluations for run in runs]), statistics.median([run.relative_error() for run in runs])
    seconds, z = statistics.median([run.seconds for run in runs]), max(run.z(case) for run in runs)
    print(f"| {case.title} | {program} | {size:.2g} | {error:.2e} | {z:.1f} | {seconds:.3g} | {ratio} |", flush=True)


def scatter(case: Case, runs: list[Run]) -> float:
    """The root mean square of the differences from the exact value."""
    return math.sqrt(statistics.fmean((run.estimate - case.exact[0]) ** 2 for run in runs))


def equal_points(programs: Programs, rounds: int) -> None:
    """The table of Sobol points: errors and time at equal points, from four seeds a round."""
    seeds = list(range(1, 4 * rounds + 1))
    points = REPLICATES << LOG_REPLICATE
    print(f"{points} points, {len(seeds)} seeds: root mean square errors")
    print("| integrand | montesieve | scipy | QMCPy | error, times scipy's, QMCPy's | CPU s | speed, times scipy, QMCPy |")
    print("|---|---|---|---|---|---|---|")
    for case in family_cases():
        contestants = {"ours": [programs.montesieve(case, "sobol", [str(points)], seed) for seed in seeds]}
        for program in ("scipy", "qmcpy"):
            contestants[program] = programs.other(case, program, LOG_REPLICATE, seeds)
        errors = {name: scatter(case, runs) / abs(case.exact[0]) for name, runs in contestants.items()}
        times = {name: statistics.median([run.seconds for run in runs]) for name, runs in contestants.items()}
        ratios = ", ".join(f"{errors['ours'] / errors[name]:.2f}" for name in ("scipy", "qmcpy"))
        speed = ", ".join(f"{times[name] / times['ours']:.3g}" for name in ("scipy", "qmcpy"))
        row = " | ".join(f"{error:.2e}" for error in errors.values())
        print(f"| {case.title} | {row} | {ratios} | {times['ours']:.3g} | {speed} |", flush=True)


def integrals(rounds: int, ours: Callable, rival: Callable) -> None:
    programs = Programs(ours, rival)
    print(rival(["versions"]).strip())
    print()
    equal_error(programs, rounds)
    print()
    equal_points(programs, rounds)
