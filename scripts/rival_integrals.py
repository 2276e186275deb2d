#!/usr/bin/env python3
"""Integrals by other programs, each on one core: prints "SECONDS ESTIMATE ERROR" for every seed.

    rival_integrals.py vegas FUNCTION DIM NEVAL SEED...    vegas: 5 iterations of training, 10 that count, NEVAL points each
    rival_integrals.py scipy FUNCTION DIM LOG_N SEED...    scipy's scrambled Sobol points: 16 replicates of 2^LOG_N
    rival_integrals.py qmcpy FUNCTION DIM LOG_N SEED...    QMCPy's digital nets in base 2, Joe and Kuo's, the same way
    rival_integrals.py versions                            of Python, numpy and the three

FUNCTION is an integrand of `montesieve integrate` (docs/montecarlo.md), or `peak`, or `ridge-factored`. CPU time of the work
alone, without Python's start. Stands beside rivals.py, whose programs have one answer. Run by scripts/bench.
"""

import math
import platform
import sys
import time

import numpy as np

# Sums of the weights of Genz's families: the rule is in docs/montecarlo.md.
DIFFICULTIES = {
    "genz-oscillatory": 9,
    "genz-product-peak": 7.25,
    "genz-corner-peak": 1.85,
    "genz-gaussian": 7.03,
    "genz-continuous": 20.4,
    "genz-discontinuous": 4.3,
}
REPLICATES = 16
PEAKS = 1000


def genz(name: str, dimension: int):
    index = np.arange(1, dimension + 1)
    u, raw = index * (1 + math.sqrt(5)) / 2 % 1, 0.5 + index * math.sqrt(2) % 1
    a = raw * DIFFICULTIES[name] / raw.sum()

    def discontinuous(x):
        values = np.exp(x @ a)
        values[(x[:, :2] > u[:2]).any(axis=1)] = 0
        return values

    return {
        "genz-oscillatory": lambda x: np.cos(2 * np.pi * u[0] + x @ a),
        "genz-product-peak": lambda x: 1 / np.prod(a**-2 + (x - u) ** 2, axis=1),
        "genz-corner-peak": lambda x: (1 + x @ a) ** -(dimension + 1),
        "genz-gaussian": lambda x: np.exp(-((a * (x - u)) ** 2).sum(axis=1)),
        "genz-continuous": lambda x: np.exp(-(a * np.abs(x - u)).sum(axis=1)),
        "genz-discontinuous": discontinuous,
    }[name]


def ridge(x):
    """As the tutorial of vegas has it: one exponential for each peak."""
    dimension, total = x.shape[1], np.zeros(len(x))
    for i in range(PEAKS):
        place, square = i / (PEAKS - 1), 0
        for d in range(dimension):
            square = square + (x[:, d] - place) ** 2
        total += np.exp(-100 * square)
    return total * (100 / np.pi) ** (dimension / 2) / PEAKS


def ridge_factored(x):
    """As montesieve has it: runs of 100 peaks are polynomials in one exponential of the mean coordinate."""
    dimension, gap, run = x.shape[1], 1 / (PEAKS - 1), 100
    mean = x.mean(axis=1)
    across, total = ((x - mean[:, None]) ** 2).sum(axis=1), np.zeros(len(x))
    steepness = 100 * dimension
    coefficients = np.exp(-steepness * (gap * np.arange(run)) ** 2)
    for first in range(0, PEAKS, run):
        off = mean - first * gap
        q, powers = np.exp(2 * steepness * gap * off), np.full(len(x), coefficients[-1])
        for coefficient in coefficients[-2::-1]:
            powers *= q
            powers += coefficient
        total += np.exp(-steepness * off * off) * powers
    return total * np.exp(-100 * across) * (100 / np.pi) ** (dimension / 2) / PEAKS


def option(x):
    """An arithmetic Asian call with the terms that `integrate option` has by default."""
    from scipy.special import ndtri

    spot, strike, rate, volatility, maturity = 100, 100, 0.05, 0.2, 1
    step = maturity / x.shape[1]
    growth = (rate - volatility**2 / 2) * step + volatility * math.sqrt(step) * ndtri(x)
    mean = (spot * np.exp(np.cumsum(growth, axis=1))).mean(axis=1)
    return math.exp(-rate * maturity) * np.maximum(mean - strike, 0)


def function(name: str, dimension: int):
    if name in DIFFICULTIES:
        return genz(name, dimension)
    peak = lambda x: np.exp(-100 * ((x - 0.5) ** 2).sum(axis=1))
    return {"peak": peak, "ridge": ridge, "ridge-factored": ridge_factored, "option": option}[name]


def by_vegas(f, dimension: int, neval: float, seed: int) -> tuple[float, float]:
    import gvar
    import vegas

    gvar.ranseed(seed)
    integrator, batch = vegas.Integrator([[0, 1]] * dimension), vegas.lbatchintegrand(f)
    integrator(batch, nitn=5, neval=neval)
    result = integrator(batch, nitn=10, neval=neval)
    return result.mean, result.sdev


def of_replicates(means: list[float]) -> tuple[float, float]:
    return float(np.mean(means)), float(np.std(means, ddof=1)) / math.sqrt(REPLICATES)


def by_scipy(f, dimension: int, log_points: int, seed: int) -> tuple[float, float]:
    from scipy.stats import qmc

    streams = np.random.SeedSequence(seed).spawn(REPLICATES)
    nets = (qmc.Sobol(dimension, scramble=True, rng=np.random.default_rng(stream)) for stream in streams)
    return of_replicates([f(net.random_base2(log_points)).mean() for net in nets])


def by_qmcpy(f, dimension: int, log_points: int, seed: int) -> tuple[float, float]:
    import qmcpy

    nets = qmcpy.DigitalNetB2(dimension, replications=REPLICATES, seed=seed)
    return of_replicates([f(points).mean() for points in nets.gen_samples(2**log_points)])


def versions() -> str:
    import qmcpy
    import scipy
    import vegas

    named = {"Python": platform.python_version(), "numpy": np.__version__, "vegas": vegas.__version__}
    named |= {"scipy": scipy.__version__, "QMCPy": qmcpy.__version__}
    return ", ".join(f"{name} {version}" for name, version in named.items())


def main() -> None:
    methods = {"vegas": by_vegas, "scipy": by_scipy, "qmcpy": by_qmcpy}
    if sys.argv[1:] == ["versions"]:
        return print(versions())
    if len(sys.argv) < 6 or sys.argv[1] not in methods:
        sys.exit(__doc__)
    name, dimension, size = sys.argv[2], int(sys.argv[3]), int(float(sys.argv[4]))
    method, f = methods[sys.argv[1]], function(name, dimension)
    # Imports and tables that are made once: the clock sees none of them.
    method(f, dimension, 1000 if sys.argv[1] == "vegas" else 4, 0)
    for seed in map(int, sys.argv[5:]):
        begun = time.process_time()
        estimate, error = method(f, dimension, size, seed)
        print(f"{time.process_time() - begun:.6f} {float(estimate)!r} {float(error)!r}")


if __name__ == "__main__":
    main()
