//! Monte Carlo kernels: streams, samplers, estimates. Pure: no MPI, no clock, no I/O.
