/* An integrand in C: the values at many points in one call, so that its loops become vectors.
 *
 * $ cc -O3 -shared -fPIC -o libbatch.so batch.c -lm
 * $ montesieve integrate lib ./libbatch.so:gaussian --form batch --bounds 0:1,0:1 1e6
 *
 * Coordinate d of point i is x[d * points + i].
 */
#include <math.h>

void gaussian(int points, int dim, const double *x, double *values, void *data)
{
    (void)data; /* NULL */
    for (int i = 0; i < points; i++)
        values[i] = 0.0;
    for (int d = 0; d < dim; d++)
        for (int i = 0; i < points; i++)
            values[i] += x[d * points + i] * x[d * points + i];
    for (int i = 0; i < points; i++)
        values[i] = exp(-values[i]);
}
