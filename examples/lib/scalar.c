/* An integrand in C: the value at one point. exp(-|x|^2) in any number of dimensions.
 *
 * $ cc -O2 -shared -fPIC -o libscalar.so scalar.c -lm
 * $ montesieve integrate lib ./libscalar.so:gaussian --bounds 0:1,0:1 1e6
 *
 * Without -ffast-math: it lets a compiler reorder sums, so that another compiler gives other bits.
 */
#include <math.h>

double gaussian(int dim, const double *x, void *data)
{
    (void)data; /* NULL */
    double square = 0.0;
    for (int d = 0; d < dim; d++)
        square += x[d] * x[d];
    return exp(-square);
}
