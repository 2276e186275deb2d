#!/usr/bin/env python3
"""The programs that montesieve is measured against, each on one core: prints "SECONDS ANSWER".

    rivals.py primesieve START STOP   count of primes, libprimesieve 12 from PyPI, one thread
    rivals.py twins STOP              count of twin primes, the same library
    rivals.py numpy-pi SAMPLES        darts with numpy's fastest generator (SFC64), in blocks that stay in cache
    rivals.py numpy-notes SAMPLES     darts as tutorials have them: np.random.uniform, ten million at once

Only the work is timed, not Python's start. Run by scripts/bench with the Python of a venv that has what is needed:
numpy and passagemath-primesieve-primecount.
"""

import ctypes
import pathlib
import sys
import time


def library() -> ctypes.CDLL:
    folders = [pathlib.Path(p) / "passagemath_primesieve_primecount.libs" for p in sys.path]
    lib = ctypes.CDLL(str(next(found for folder in folders for found in folder.glob("libprimesieve-*"))))
    lib.primesieve_set_num_threads(1)
    for count in (lib.primesieve_count_primes, lib.primesieve_count_twins):
        count.restype = ctypes.c_uint64
        count.argtypes = [ctypes.c_uint64, ctypes.c_uint64]
    return lib


def primesieve(start: int, stop: int) -> int:
    return library().primesieve_count_primes(start, stop)


def twins(stop: int) -> int:
    return library().primesieve_count_twins(0, stop)


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


def main() -> None:
    rivals = {"primesieve": primesieve, "twins": twins, "numpy-pi": numpy_pi, "numpy-notes": numpy_notes}
    if len(sys.argv) < 3 or sys.argv[1] not in rivals:
        sys.exit(__doc__)
    numbers = [int(word) for word in sys.argv[2:]]
    begun = time.perf_counter()
    answer = rivals[sys.argv[1]](*numbers)
    print(f"{time.perf_counter() - begun:.6f} {answer}")


if __name__ == "__main__":
    main()
