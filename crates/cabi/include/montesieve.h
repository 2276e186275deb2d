/* The functions that `montesieve integrate lib FILE:NAME` calls. docs/integrands.md explains them.
 *
 * This header is optional: with it, the compiler checks the signature of your function. Declare the
 * function before you define it:
 *
 *     #include "montesieve.h"
 *     montesieve_scalar f;
 *     double f(int dim, const double *x, void *data) { return x[0] * x[1]; }
 */
#ifndef MONTESIEVE_H
#define MONTESIEVE_H

#ifdef __cplusplus
extern "C" {
#endif

/* The value at one point: x[0] to x[dim - 1]. `data` is NULL. */
typedef double montesieve_scalar(int dim, const double *x, void *data);

/* With --form vector, the K values of --components K at one point: sets values[0] to
 * values[K - 1]. `data` is NULL. */
typedef void montesieve_vector(int dim, const double *x, double *values, void *data);

/* With --form batch, the values at `points` points at once. Coordinate d of point i is
 * x[d * points + i], in Fortran x(i, d) of `real(c_double) :: x(points, dim)`, in numpy x[d, i] of
 * the shape (dim, points). Sets values[0] to values[points - 1]; with --components K also
 * values[k * points + i] for component k of point i, up to k = K - 1. `data` is NULL. */
typedef void montesieve_batch(int points, int dim, const double *x, double *values, void *data);

#ifdef __cplusplus
}
#endif

#endif
