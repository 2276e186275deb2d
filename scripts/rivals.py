#!/usr/bin/env python3
"""The programs that montesieve is measured against, each on one core: prints "SECONDS ANSWER".

    rivals.py numpy-pi SAMPLES        darts with numpy's fastest generator (SFC64), in blocks that stay in cache
    rivals.py numpy-notes SAMPLES     darts as tutorials have them: np.random.uniform, ten million at once
    rivals.py gcd FILE                how many numbers of a list (0x..., one a line) share a factor: products and remainders by GMP

CPU time of the work alone, without Python's start. Run by scripts/bench with the Python of a venv that has what is needed:
numpy and gmpy2.
"""

import math
import pathlib
import sys
import time


def batch_gcd(numbers: list) -> int:
    """As fastgcd does it (Heninger and others): the product of all, modulo the square of each, comes down the tree of products."""
    from gmpy2 import gcd

    tree = [numbers]
    while len(tree[-1]) > 1:
        level = tree[-1]
        tree.append([math.prod(level[i : i + 2]) for i in range(0, len(level), 2)])
    rests = tree.pop()
    for level in reversed(tree):
        rests = [rests[i // 2] % (n * n) for i, n in enumerate(level)]
    return sum(gcd(rest // n, n) > 1 for rest, n in zip(rests, numbers))


def numpy_pi(samples: int) -> float:
    import numpy as np

    block = 8192
    generator = np.random.Generator(np.random.SFC64(1))
    x, y = np.empty(block), np.empty(block)
    hits = 0
    for done in range(0, samples, block):
        n = min(block, samples - done)
        a, b = x[:n], y[:n]
        generator.random(out=a)
        generator.random(out=b)
        np.square(a, out=a)
        np.square(b, out=b)
        np.add(a, b, out=a)
        hits += int(np.count_nonzero(a <= 1.0))
    return 4 * hits / samples


def numpy_notes(samples: int) -> float:
    import numpy as np

    block = 10**7
    hits = 0
    for done in range(0, samples, block):
        n = min(block, samples - done)
        x, y = np.random.uniform(0, 1, n), np.random.uniform(0, 1, n)
        hits += int(np.sum(x * x + y * y <= 1))
    return 4 * hits / samples


def gaussian() -> tuple[list[float], list[float]]:
    """Weights and places of genz-gaussian in 5 dimensions; the rule is in docs/montecarlo.md."""
    raw = [0.5 + i * math.sqrt(2) % 1 for i in range(1, 6)]
    return [7.03 * x / sum(raw) for x in raw], [i * (1 + math.sqrt(5)) / 2 % 1 for i in range(1, 6)]


def numpy_mean(samples: int) -> float:
    import numpy as np

    block = 10**6
    generator = np.random.Generator(np.random.SFC64(1))
    a, u = map(np.array, gaussian())
    total = 0.0
    for done in range(0, samples, block):
        x = generator.random((min(block, samples - done), 5))
        total += np.exp(-(((x - u) * a) ** 2).sum(axis=1)).sum()
    return float(total / samples)


def numpy_columns(samples: int) -> float:
    import numpy as np

    block = 8192
    generator = np.random.Generator(np.random.SFC64(1))
    x, sums = np.empty(block), np.empty(block)
    places = list(zip(*gaussian()))
    total = 0.0
    for done in range(0, samples, block):
        n = min(block, samples - done)
        b, s = x[:n], sums[:n]
        s.fill(0)
        for a, u in places:
            generator.random(out=b)
            np.subtract(b, u, out=b)
            np.multiply(b, a, out=b)
            np.square(b, out=b)
            np.subtract(s, b, out=s)
        np.exp(s, out=s)
        total += s.sum()
    return float(total / samples)


def main() -> None:
    rivals = {
        "numpy-pi": numpy_pi,
        "numpy-notes": numpy_notes,
        "numpy-mean": numpy_mean,
        "numpy-columns": numpy_columns,
        "gcd": batch_gcd,
    }
    if len(sys.argv) < 3 or sys.argv[1] not in rivals:
        sys.exit(__doc__)
    if sys.argv[1] == "gcd":
        from gmpy2 import mpz

        numbers = [[mpz(line, 16) for line in pathlib.Path(sys.argv[2]).read_text().split()]]
    else:
        numbers = [int(word) for word in sys.argv[2:]]
    if sys.argv[1].startswith("numpy"):
        import numpy  # noqa: F401  # so that the clock sees none of it
    begun = time.process_time()
    answer = rivals[sys.argv[1]](*numbers)
    print(f"{time.process_time() - begun:.6f} {answer}")


if __name__ == "__main__":
    main()
