//! Prime numbers: sieves and their oracles. Pure: no MPI, no clock, no I/O.
