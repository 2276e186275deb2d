//! The MPI library that this program runs with.

/// The library's name and version: its first line without the details that some libraries append.
pub fn library() -> String {
    let text = mpi::environment::library_version().unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let line = line.split(", package:").next().unwrap_or_default();
    // "Open MPI v4.1.4", "MPICH Version:<tab>4.0.2"
    let words = line.replace("Open MPI v", "Open MPI ").replace("MPICH Version:", "MPICH ");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a PMIx client library is loaded, through which Open MPI's `mpirun` and `srun --mpi=pmix`
/// connect their processes. An MPI built with PMIx loads it. This queries the loaded libraries, not
/// the file system.
pub fn speaks_pmix() -> bool {
    let program = libloading::os::unix::Library::this();
    // SAFETY: the symbol is looked up, never called or read.
    unsafe { program.get::<*const ()>(b"PMIx_Init\0") }.is_ok()
}

/// The version of the standard, as in "3.1".
pub fn standard() -> String {
    let (major, minor) = mpi::environment::version();
    format!("{major}.{minor}")
}
