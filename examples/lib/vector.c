/* An integrand in C with three components: the mass and the first moments of exp(-x^2-y^2).
 *
 * $ cc -O2 -shared -fPIC -o libvector.so vector.c -lm
 * $ montesieve integrate lib ./libvector.so:moments --form vector --components 3 --bounds 0:1,0:1 1e6
 *
 * All come from the same points. So their ratios, the centre of mass, are more exact than those of
 * three integrals by themselves: the covariances say how much.
 */
#include <math.h>

void moments(int dim, const double *x, double *values, void *data)
{
    (void)dim;  /* 2 */
    (void)data; /* NULL */
    double density = exp(-(x[0] * x[0] + x[1] * x[1]));
    values[0] = density;
    values[1] = x[0] * density;
    values[2] = x[1] * density;
}
