# Spack: put this file into a repository of packages as packages/montesieve/package.py, then `spack install montesieve ^openmpi`
# (in Spack 1.x a repository of your own: spack repo create), with the vendored source from scripts/package/tarball --source at `url`.
# Not tried: there is no Spack where this was written. It follows the build system CargoPackage of spack-packages (2025), and
# scripts/package/check compiles it, no more.

from spack_repo.builtin.build_systems.cargo import CargoPackage

from spack.package import *


class Montesieve(CargoPackage):
    """Monte Carlo and prime numbers over MPI: the same answer on any number of ranks."""

    homepage = "https://example.org/montesieve"

    license("MIT OR Apache-2.0")

    # The archive is made where it is used, so its checksum is not known here: `spack checksum`, or `spack install --no-checksum`.
    version("0.1.0", url="file:///path/to/montesieve-0.1.0-vendored.tar.gz")

    variant("mpi", default=True, description="Run on many ranks")

    depends_on("rust@1.89:", type="build")
    depends_on("c", type="build")
    depends_on("mpi", when="+mpi")
    # bindgen reads mpi.h.
    depends_on("llvm +clang", when="+mpi", type="build")

    @property
    def build_args(self):
        return ["--locked", "--offline"] + ([] if self.spec.satisfies("+mpi") else ["--no-default-features"])

    @property
    def check_args(self):
        return ["--locked", "--offline", "--no-default-features", "--lib"]

    def setup_build_environment(self, env: EnvironmentModifications) -> None:
        if self.spec.satisfies("+mpi"):
            env.set("MPICC", self.spec["mpi"].mpicc)
            env.set("LIBCLANG_PATH", self.spec["llvm"].prefix.lib)

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def known_count(self):
        out = Executable(self.prefix.bin.montesieve)("primes", "1e6", "--quiet", output=str)
        assert "78498" in out
