# cython: language_level=3, cdivision=True, boundscheck=False
"""An integrand in Cython, compiled to a shared library. `noexcept nogil`: it must not use Python
objects, since no interpreter runs in the job.

$ cython cython_library.pyx
$ cc -O2 -shared -fPIC -o libcython.so cython_library.c $(python3-config --includes --embed --ldflags)
$ montesieve integrate lib ./libcython.so:gaussian --bounds 0:1,0:1 1e6

The library is linked with libpython, which Cython's own start-up code refers to.
"""

from libc.math cimport exp


cdef public double gaussian(int dim, const double *x, void *data) noexcept nogil:
    cdef double square = 0.0
    cdef int d
    for d in range(dim):
        square += x[d] * x[d]
    return exp(-square)
