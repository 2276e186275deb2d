"""`scripts/bench primes|lists|windows|pi-of-x`: montesieve beside primesieve and primecount.

Stands beside bench_integrals.py, whose rivals are Python libraries. The rivals here are programs, built from their newest source
into .mpi/rivals, each twice: with its defaults, which choose kernels for the processor at run time ("dispatch"), and without that
choice ("plain"), which is what a machine without AVX-512 runs. Whole programs are compared, start and end included, on one core.
"""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

SOURCES = {name: f"https://github.com/kimwalisch/{name}" for name in ("primesieve", "primecount")}
BUILDS = {"dispatch": "ON", "plain": "OFF"}  # of WITH_MULTIARCH, their option for kernels by processor
BUILD_LIMIT = 1800  # seconds

# What montesieve runs and what a rival has on the same machine. The last pair: a machine with AVX-512 whose rival uses it.
PAIRS = [("avx512", "dispatch"), ("avx2", "plain"), ("portable", "plain"), ("avx2", "dispatch")]


@dataclass
class Tools:
    """What scripts/bench hands on."""

    root: pathlib.Path
    binary: pathlib.Path
    isas: list[str]  # of this machine
    timed: Callable[..., tuple[float, str]]
    ours: Callable[..., tuple[float, dict]]
    medians: Callable[[dict, int], dict[str, float]]
    sources: dict[str, str]  # git repositories of the rivals

    def rival(self, name: str, build: str) -> str:
        """The path of a rival's program, built if it is not there."""
        folder = self.root / ".mpi/rivals" / name
        program = folder / build / name
        if not program.exists():
            missing = [tool for tool in ("git", "cmake", "c++") if not shutil.which(tool)]
            if missing:
                sys.exit(f"scripts/bench: building {name} needs {', '.join(missing)}")
            print(f"building {name} ({build}) in .mpi/rivals", file=sys.stderr)
            source = folder / "source"
            if not source.exists():
                run(["git", "clone", "--quiet", "--depth", "1", self.sources[name], str(source)])
            options = ["-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=OFF", f"-DWITH_MULTIARCH={BUILDS[build]}"]
            run(["cmake", "-S", str(source), "-B", str(folder / build), *options])
            run(["cmake", "--build", str(folder / build), "--parallel", str(os.cpu_count())])
        return str(program)

    def version(self, name: str) -> str:
        """As the program says it, such as "primesieve 12.16"."""
        first = self.timed([self.rival(name, "dispatch"), "--version"])[1].split("\n")[0]
        return re.sub(r"[,<].*", "", first).strip()


def run(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=BUILD_LIMIT)
    if done.returncode:
        sys.exit(f"scripts/bench: {' '.join(command)}\n{done.stdout.decode()[-3000:]}")


def heading(tools: Tools, *rivals: str) -> None:
    """Where and with what: the line that a record needs."""
    names = [line.split(":")[1].strip() for line in read("/proc/cpuinfo").splitlines() if line.startswith("model name")]
    caches = ", ".join(
        f"{read(f'{index}/size').strip()} L{read(f'{index}/level').strip()}"
        for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"))
        if read(f"{index}/type").strip() != "Instruction"
    )
    commit = subprocess.run(["git", "log", "-1", "--format=%h"], cwd=tools.root, stdout=subprocess.PIPE).stdout.decode().strip()
    load = f"load {os.getloadavg()[0]:.1f}"
    versions = ", ".join(map(tools.version, rivals))
    print(f"{names[0] if names else platform.machine()}, {caches}; {load}; commit {commit}; {versions}\n", flush=True)


def read(path: str) -> str:
    file = pathlib.Path(path)
    return file.read_text() if file.exists() else ""


def rows(tools: Tools, rounds: int, name: str, goals: dict, rival: Callable[[str], float], ours: Callable[[str], float]) -> None:
    """Rows of one table, all from the same rounds: one for each pair of `goals` that this machine has."""
    pairs = [pair for pair in goals if pair[0] in tools.isas]
    contestants = {build: lambda build=build: rival(build) for _, build in pairs}
    contestants |= {isa: lambda isa=isa: ours(isa) for isa, _ in pairs}
    times = tools.medians(contestants, rounds)
    for isa, build in pairs:
        his, mine = times[build], times[isa]
        print(f"| {name} | {build} | {his:.4g} | {isa} | {mine:.4g} | {his / mine:.2f} | {goals[isa, build]} |", flush=True)


HEAD = "| {} | rival's build | s | montesieve | s | ratio | at least / aim |\n|---|---|---|---|---|---|---|"


def goals(*texts: str) -> dict:
    """The goals of the pairs, in their order; a pair without a text is not measured."""
    return dict(zip(PAIRS, texts))


# Ranges to count: name, START, STOP, the count where it is known, and the goals.
RANGES = [
    ("[0, 1e9]", 0, 10**9, 50847534, goals("1.4 / 1.6", "", "")),
    ("[0, 1e10]", 0, 10**10, 455052511, goals("1.5 / 1.8", "1.5 / 1.7", "")),
    ("[0, 1e11]", 0, 10**11, 4118054813, goals("1.6 / 1.8")),
    ("1e12 + 1e10", 10**12, 10**12 + 10**10, 361840208, goals("1.7 / 2.0", "1.5 / 1.7", "")),
    ("1e13 + 1e10", 10**13, 10**13 + 10**10, None, goals("1.7 / 2.0", "", "")),
    ("1e15 + 1e10", 10**15, 10**15 + 10**10, 289531946, goals("1.6 / 1.9")),
    ("1e15 + 3e9", 10**15, 10**15 + 3 * 10**9, None, goals("", "1.4 / 1.7", "")),
    ("1e16 + 1e10", 10**16, 10**16 + 10**10, None, goals("1.6 / 1.9")),
    ("1e17 + 1e10", 10**17, 10**17 + 10**10, None, goals("1.6 / 1.9")),
    ("1e18 + 1e10", 10**18, 10**18 + 10**10, 241272176, goals("1.7 / 2.0")),
    ("1e18 + 3e9", 10**18, 10**18 + 3 * 10**9, None, goals("", "1.4 / 1.7", "")),
    ("1.8e19 + 1e9", 18 * 10**18, 18 * 10**18 + 10**9, 22548486, goals("2.8 / 3.5", "1.4 / 1.7", "")),
    ("1.8e19 + 1e10", 18 * 10**18, 18 * 10**18 + 10**10, None, goals("2.4 / 3.5")),
    ("1.8e19 + 1e6", 18 * 10**18, 18 * 10**18 + 10**6, None, goals("50 / 120", "", "")),
]


def primes(tools: Tools, rounds: int) -> None:
    heading(tools, "primesieve")
    print(HEAD.format("range"))
    cases = [(name, start, stop, count, 1, goal) for name, start, stop, count, goal in RANGES]
    cases.append(("twins to 1e10", 0, 10**10, 27412679, 2, goals("1.3 / 1.6", "", "")))
    for name, start, stop, count, size, goal in cases:
        answers = set() if count is None else {count}

        def ours(isa: str) -> float:
            words = ["primes", str(start), str(stop), f"--count={size}"]
            seconds, report = tools.ours([*words, "--algorithm", "sieve"], isa)
            answers.add(int(report["result"]["counts"][str(size)]))
            return seconds

        def rival(build: str) -> float:
            words = [str(start), str(stop), f"--count={size}", "--threads=1", "--quiet"]
            seconds, text = tools.timed([tools.rival("primesieve", build), *words])
            answers.add(int(text.split()[-1]))
            return seconds

        rows(tools, rounds, name, goal, rival, ours)
        assert len(answers) == 1, (name, answers)


# pi(x) (OEIS A006880).
PI_OF_X = {
    10**12: (37607912018, goals("1.5 / 2.0", "", "", "")),
    10**14: (3204941750802, goals("1.5 / 2.0", "", "", "")),
    10**15: (29844570422669, goals("1.7 / 2.2", "1.3 / 1.8", "", "0.9 / 1.2")),
    10**16: (279238341033925, goals("1.7 / 2.2", "1.3 / 1.8", "", "")),
    10**17: (2623557157654233, goals("1.7 / 2.2")),
    10**18: (24739954287740860, goals("1.7 / 2.2")),
}


def pi_of_x(tools: Tools, rounds: int, program: Callable[[str], pathlib.Path]) -> None:
    heading(tools, "primecount")
    print(HEAD.format("x"))
    for x, (count, goal) in PI_OF_X.items():

        def ours(isa: str) -> float:
            seconds, report = tools.ours(["primes", str(x), "--algorithm", "combinatorial"], isa)
            assert int(report["result"]["counts"]["1"]) == count, report
            return seconds

        def rival(build: str) -> float:
            seconds, text = tools.timed([tools.rival("primecount", build), str(x), "--threads=1"])
            assert int(text) == count, text
            return seconds

        rows(tools, rounds, f"{x:.0e}", goal, rival, ours)
    example = program("pi_of_x")
    for x in (10**15, 10**16, 10**17):
        *laps, answer = tools.timed([str(example), str(x)])[1].splitlines()
        assert int(answer.split()[1]) == PI_OF_X[x][0], answer
        terms = [(lap[:22].strip(), float(lap[22:].split()[0])) for lap in laps]
        total = sum(seconds for _, seconds in terms)
        print(f"{x:.0e}: " + ", ".join(f"{name} {100 * seconds / total:.0f} %" for name, seconds in terms))


def lists(tools: Tools, rounds: int) -> None:
    """To /dev/null."""
    heading(tools, "primesieve")
    print(HEAD.format("list of 1e9 numbers"))
    rival_program = tools.rival("primesieve", "dispatch")
    for start in [0, 10**9, 10**12, 10**15, 10**16, 10**17, 10**18, 18 * 10**18]:
        bounds = [str(start), str(start + 10**9)]
        for form in ["text", "u64le"]:
            command = [str(tools.binary), "primes", *bounds, "--output-format", form, "--quiet"]
            rows(
                tools,
                rounds,
                f"{start:.3g}, {form}",
                {(tools.isas[-1], "dispatch"): "3 / 5" if form == "text" and start == 0 else ""},
                lambda _: tools.timed([rival_program, *bounds, "--print", "--threads=1"], keep=False)[0],
                lambda _: tools.timed(command, keep=False)[0],
            )


def windows(tools: Tools, rounds: int) -> None:
    """Whole programs on one core: primesieve can count below 2^64, gp above."""
    heading(tools, "primesieve")
    print("| window | asked | rival, s | montesieve, s | ratio |\n|---|---|---|---|---|")
    places = [("1e18", 10**18), ("1.8e19", 18 * 10**18), ("2^64", 2**64), ("1e20", 10**20), ("1e22", 10**22), ("1e25", 10**25)]
    for (name, start), exponent in [(place, exponent) for place in places for exponent in (3, 6, 9)]:
        length = 10**exponent
        sample = length if start < 2**64 else min(length, 10**7)

        def theirs() -> tuple[float, int]:
            stop = start + sample
            if start < 2**64:
                words = [str(start), str(stop), "--count=1", "--threads=1", "--quiet"]
                seconds, text = tools.timed([tools.rival("primesieve", "dispatch"), *words])
                return seconds, int(text.split()[-1])
            script = f"c=0;forprime(p={start},{stop},c++);print(c)\n"
            seconds, text = tools.timed(["gp", "-q", "-f", "-D", "parisizemax=1G"], text=script)
            return seconds * length / sample, int(text)

        def mine(stop: int, *more: str) -> tuple[float, int]:
            seconds, report = tools.ours(["primes", str(start), str(stop), *more])
            return seconds, int(report["result"]["counts"]["1"])

        # Both find the same number of primes where both look.
        assert theirs()[1] == mine(start + sample)[1], name
        for asked in ("--count=1", "--sum"):
            contestants = {"rival": lambda: theirs()[0], "ours": lambda: mine(start + length, asked)[0]}
            times = tools.medians(contestants, rounds)
            ratio = times["rival"] / times["ours"]
            print(f"| {name} + 1e{exponent} | {asked} | {times['rival']:.4g} | {times['ours']:.4g} | {ratio:.2f} |", flush=True)
