//! The machine under this rank as its kernels see it: instruction set, caches, CPU family, and the
//! sizes that follow from them.
//!
//! Stands beside `cluster/place.rs`, which says where a rank runs and what it may use. Linux tells
//! the caches in `/sys/devices/system/cpu/cpu*/cache` and the family in `/proc/cpuinfo`; where it
//! does not, or on another system, sizes of an average machine are used. Ranks of one job may
//! differ: no answer depends on it.

use std::fs;
use std::path::Path;

use montesieve_kernel::caches::Caches;

use crate::cli::CommandLine;
use crate::cluster::host_counters::cpu;
use crate::cluster::system_file::{self, list_length};
use crate::isa::Isa;
use crate::primes::tuning::{Origin, Tuning};

/// The machine and what the kernels make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The caches of a core, if known.
    pub caches: Option<Caches>,
    /// Instruction set and sizes of the kernels.
    pub tuning: Tuning,
    /// Where the sizes come from.
    pub origin: Origin,
}

impl Machine {
    /// The machine of this thread, unless `MONTESIEVE_ISA` or `MONTESIEVE_CACHE` say otherwise.
    /// With forced caches the sizes follow from them alone.
    ///
    /// # Errors
    /// A sentence for the user when a variable has an invalid value, or an instruction set that
    /// this CPU lacks.
    pub fn choose(words: &CommandLine) -> Result<Machine, String> {
        let isa = Isa::choose(words.set("MONTESIEVE_ISA").as_deref())?;
        let forced = words.set("MONTESIEVE_CACHE");
        let caches = Caches::choose(forced.as_deref(), caches)?;
        let (tuning, origin) = Tuning::choose(isa, || if forced.is_none() { family() } else { None }, caches);
        Ok(Machine { caches, tuning, origin })
    }
}

/// The CPU's family, as the rows of measured CPUs name it, if known. Linux asks every CPU for its
/// clock meanwhile, which takes milliseconds where there are many.
pub fn family() -> Option<String> {
    family_in(&system_file::read("/proc/cpuinfo")?)
}

/// The caches of the core that this thread runs on.
fn caches() -> Option<Caches> {
    let core = format!("/sys/devices/system/cpu/cpu{}", cpu());
    let folders = fs::read_dir(format!("{core}/cache")).ok()?.flatten();
    let threads = read(Path::new(&core), "topology/thread_siblings_list").map_or(1, |list| list_length(&list));
    let listed: Vec<_> = folders.filter_map(|folder| data_cache(&folder.path(), threads)).collect();
    Caches::of(&listed)
}

/// Level, bytes and number of cores that share it, of a cache that holds data; `threads` is how
/// many threads a core has.
fn data_cache(folder: &Path, threads: u64) -> Option<(u32, u64, u64)> {
    if read(folder, "type")? == "Instruction" {
        return None;
    }
    let kilobytes: u64 = read(folder, "size")?.strip_suffix('K')?.parse().ok()?;
    let shared = read(folder, "shared_cpu_list").map_or(1, |list| list_length(&list));
    Some((read(folder, "level")?.parse().ok()?, kilobytes << 10, shared / threads.max(1)))
}

fn read(folder: &Path, file: &str) -> Option<String> {
    system_file::read(folder.join(file)).map(|text| text.trim().to_owned())
}

/// The family in `/proc/cpuinfo`: vendor, family and model, on Arm implementer and part.
fn family_in(cpuinfo: &str) -> Option<String> {
    let field = |name: &str| {
        let value =
            |line: &str| line.split_once(':').filter(|(n, _)| n.trim() == name).map(|(_, v)| v.trim().to_owned());
        cpuinfo.lines().find_map(value)
    };
    let of = |names: &[&str]| names.iter().map(|name| field(name)).collect::<Option<Vec<_>>>();
    let known = of(&["vendor_id", "cpu family", "model"]).or_else(|| of(&["CPU implementer", "CPU part"]));
    known.map(|fields| fields.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_of_x86_and_arm() {
        let intel = "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\nmodel name\t: Xeon\n";
        assert_eq!(family_in(intel).as_deref(), Some("GenuineIntel 6 143"));
        let arm = "processor\t: 0\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\n";
        assert_eq!(family_in(arm).as_deref(), Some("0x41 0xd0c"));
        assert_eq!(family_in("vendor_id : GenuineIntel\n"), None);
    }

    #[test]
    fn a_cache_is_read_as_linux_lists_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).expect(file);
        for (file, text) in [("level", "2\n"), ("type", "Unified\n"), ("size", "4096K\n"), ("shared_cpu_list", "0-7\n")]
        {
            write(file, text);
        }
        assert_eq!(data_cache(folder.path(), 1), Some((2, 4 << 20, 8)));
        assert_eq!(data_cache(folder.path(), 2), Some((2, 4 << 20, 4)), "two threads a core");
        write("type", "Instruction\n");
        assert_eq!(data_cache(folder.path(), 1), None);
    }

    #[test]
    fn forced_caches_decide_alone() {
        let words = |value: &str| CommandLine {
            variables: vec![("MONTESIEVE_CACHE".into(), value.into())],
            ..CommandLine::default()
        };
        let machine = Machine::choose(&words("16K,256K,0")).expect("three sizes");
        assert_eq!((machine.origin, machine.tuning.line_bytes), (Origin::Caches, 160 << 10));
        let told = Machine::choose(&words("16K")).expect_err("one size");
        assert!(told.starts_with("MONTESIEVE_CACHE=16K: give the bytes"), "{told}");
    }
}
