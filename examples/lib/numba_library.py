"""An integrand in Python, compiled by Numba to a shared library: no Python runs in the job.

$ python3 numba_library.py
$ montesieve integrate lib ./libnumba.so:gaussian --bounds 0:1,0:1 1e6
$ montesieve integrate lib ./libnumba.so:gaussians --form batch --bounds 0:1,0:1 1e6

Needs numba (PyPI) and a C compiler, which links. Index the pointers: `carray`, whatever allocates
and whatever raises an exception needs Python, and the library would not load. Numba compiles for
the CPU that it runs on: run this on the oldest host of a job.
"""

import subprocess
from math import exp

from llvmlite import binding
from numba import cfunc, types

number, numbers, whole = types.float64, types.CPointer(types.float64), types.intc


@cfunc(number(whole, numbers, types.voidptr))
def gaussian(dim, x, data):
    square = 0.0
    for d in range(dim):
        square += x[d] * x[d]
    return exp(-square)


@cfunc(types.void(whole, whole, numbers, numbers, types.voidptr))
def gaussians(points, dim, x, values, data):
    for i in range(points):
        square = 0.0
        for d in range(dim):
            square += x[d * points + i] * x[d * points + i]
        values[i] = exp(-square)


def write(library, functions):
    """Writes compiled functions to a shared library, under their names in Python."""
    machine = binding.Target.from_default_triple().create_target_machine(opt=3, reloc="pic")
    objects = []
    for function in functions:
        module = binding.parse_assembly(function.inspect_llvm())
        module.get_function(function.native_name).name = function.__name__
        objects.append(function.__name__ + ".o")
        with open(objects[-1], "wb") as file:
            file.write(machine.emit_object(module))
    subprocess.run(["cc", "-shared", "-o", library, *objects, "-lm"], check=True)


write("libnumba.so", [gaussian, gaussians])
