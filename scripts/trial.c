/* The plain loop of the notes, in C: n % i for every odd i from FIRST to LAST. For scripts/bench isprime.
 *   trial N FIRST LAST      prints the CPU seconds of the loop and the first i that divides N, or 0
 * Below 2^64 with the machine's own division, above with the compiler's for 128 bits. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef unsigned __int128 wide;

static uint64_t narrow_loop(uint64_t n, uint64_t first, uint64_t last) {
    for (uint64_t i = first | 1; i <= last; i += 2)
        if (n % i == 0) return i;
    return 0;
}

static uint64_t wide_loop(wide n, uint64_t first, uint64_t last) {
    for (uint64_t i = first | 1; i <= last; i += 2)
        if (n % i == 0) return i;
    return 0;
}

int main(int count, char **words) {
    if (count != 4) return 2;
    wide n = 0;
    for (const char *digit = words[1]; *digit; digit++) n = 10 * n + (wide)(*digit - '0');
    uint64_t first = strtoull(words[2], NULL, 10), last = strtoull(words[3], NULL, 10);
    clock_t began = clock();
    uint64_t found = n >> 64 ? wide_loop(n, first, last) : narrow_loop((uint64_t)n, first, last);
    printf("%.6f %llu\n", (double)(clock() - began) / CLOCKS_PER_SEC, (unsigned long long)found);
    return 0;
}
