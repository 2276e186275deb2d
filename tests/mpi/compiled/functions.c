/* The functions of tests/mpi/compiled.rs: right ones, and those that fail in one way each. */
#include <fenv.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <unwind.h>
#define RARE (x[0] > 0.9999988)
int number = 1;
double good(int dim, const double *x, void *data) { return 1 + x[0] * x[0] - x[dim - 1]; }
void goods(int points, int dim, const double *x, double *values, void *data)
{
    for (int i = 0; i < points; i++)
        values[i] = 1 + x[i] * x[i] - x[(dim - 1) * points + i];
}
void half(int points, int dim, const double *x, double *values, void *data) { values[0] = 1; }
void pair(int dim, const double *x, double *values, void *data)
{
    values[0] = x[0] + x[1];
    values[1] = x[0] * x[1];
}
void pairs(int points, int dim, const double *x, double *values, void *data)
{
    for (int i = 0; i < points; i++) {
        values[i] = x[i] + x[points + i];
        values[points + i] = x[i] * x[points + i];
    }
}
void three(int dim, const double *x, double *values, void *data) { values[0] = values[1] = values[2] = x[0]; }
void threes(int points, int dim, const double *x, double *values, void *data)
{
    for (int i = 0; i < 3 * points; i++)
        values[i] = 1;
}
double tails(int dim, const double *x, void *data) { return 1 / ((1 + x[0] * x[0]) * sqrt(x[1])); }
double root(int dim, const double *x, void *data) { return sqrt(x[0] - 0.3); }
/* Stops the job once, soon after its start. */
double stops(int dim, const double *x, void *data)
{
    static int stopped;
    if (x[0] > 0.9999 && getenv("STOP") && !__atomic_fetch_add(&stopped, 1, __ATOMIC_SEQ_CST))
        kill(getpid(), SIGUSR2);
    return 1 + x[0] * x[0];
}
double nan_rarely(int dim, const double *x, void *data) { return RARE ? 0.0 / 0.0 : 1; }
double memory(int dim, const double *x, void *data) { return RARE ? *(volatile double *)8 : 1; }
double division(int dim, const double *x, void *data) { volatile int zero = 0; return RARE ? 7 / zero : 1; }
double aborts(int dim, const double *x, void *data) { if (RARE) abort(); return 1; }
double exits(int dim, const double *x, void *data) { if (RARE) exit(0); return 1; }
double exits_together(int dim, const double *x, void *data)
{
    static int threads;
    if (x[0] > 0.9999) {
        __atomic_fetch_add(&threads, 1, __ATOMIC_SEQ_CST);
        /* Another thread comes here soon, unless it waits for this one: then not at this point. */
        for (int i = 0; i < 100 && __atomic_load_n(&threads, __ATOMIC_SEQ_CST) < 2; i++)
            usleep(1000);
        if (__atomic_load_n(&threads, __ATOMIC_SEQ_CST) >= 2)
            exit(0);
        __atomic_fetch_sub(&threads, 1, __ATOMIC_SEQ_CST);
    }
    return 1;
}
double recursion(int dim, const double *x, void *data)
{
    volatile char frame[1000] = {1};
    return RARE ? recursion(dim, x, (void *)frame) + frame[0] : 1;
}
double exception(int dim, const double *x, void *data)
{
    static struct _Unwind_Exception thrown;
    if (RARE) {
        _Unwind_RaiseException(&thrown);
        abort(); /* As C++ does where nothing on the stack would catch it. */
    }
    return 1;
}
double waits(int dim, const double *x, void *data)
{
    while (RARE)
        pause();
    return 1;
}
double at_once(int dim, const double *x, void *data) { return *(volatile double *)8; }
__attribute__((constructor)) static void start(void)
{
    if (getenv("CRASH_AT_START")) abort();
    if (getenv("ROUND_DOWN")) fesetround(FE_DOWNWARD);
}
