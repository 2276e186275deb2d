# Spack: put this file into a repository of packages as packages/montesieve/package.py, then `spack install montesieve ^openmpi`.
# Not tried: there is no Spack where this was written; scripts/package/check compiles it, no more.

from spack.package import *


class Montesieve(CargoPackage):
    """Monte Carlo and prime numbers over MPI: the same answer on any number of ranks."""

    homepage = "https://example.org/montesieve"

    license("MIT OR Apache-2.0")

    version("0.1.0", extension="tar.gz", url="file:///path/to/montesieve-0.1.0-vendored.tar.gz", expand=True)

    variant("mpi", default=True, description="Run on many ranks")

    depends_on("rust@1.89:", type="build")
    depends_on("c", type="build")
    depends_on("mpi", when="+mpi")
    # bindgen reads mpi.h.
    depends_on("llvm +clang", when="+mpi", type="build")

    @property
    def build_args(self):
        return [] if self.spec.satisfies("+mpi") else ["--no-default-features"]

    def setup_build_environment(self, env):
        if self.spec.satisfies("+mpi"):
            env.set("MPICC", self.spec["mpi"].mpicc)
            env.set("LIBCLANG_PATH", self.spec["llvm"].prefix.lib)

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def known_count(self):
        out = Executable(self.prefix.bin.montesieve)("primes", "1e6", "--quiet", output=str)
        assert "78498" in out
