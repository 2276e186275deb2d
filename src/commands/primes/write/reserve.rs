//! The root's file before the ranks write it: whether they may, and space for the list.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::commands::output::Output;
use crate::commands::primes::print::PrimeList;
use crate::error::{Error, Result};
use crate::primes::encoding::Encoding;
use crate::primes::estimate::prime_count;

/// The root's file.
#[derive(Debug, Serialize, Deserialize)]
pub struct RootFile {
    /// The temporary file.
    pub path: PathBuf,
    /// The user's name for it.
    pub name: String,
}

/// At the root: reserves space for the minimal length, so that a full disk is found before the
/// work.
pub fn prepare(list: PrimeList, output: &Output) -> Result<RootFile> {
    let Some((file, path)) = output.temporary() else { return Err(Error::Run("no file to be written by all".into())) };
    reserve(file, sure_length(list)).map_err(output.cannot())?;
    Ok(RootFile { path: path.canonicalize().map_err(output.cannot())?, name: output.name().to_owned() })
}

/// A lower bound of the list's bytes, nearly certain: the number of primes follows from their
/// density, within about its square root.
fn sure_length(list: PrimeList) -> u64 {
    let (low, high) = (list.cut.low as f64, list.cut.high as f64);
    if list.k > 1 {
        return list.header_bytes();
    }
    let (mut bytes, mut from) = (0.0, low);
    while from < high {
        let digits = from.max(1.0).log10().floor() as i32 + 1;
        let to = 10_f64.powi(digits).min(high);
        let primes = prime_count(to) - prime_count(from);
        // Doubles of huge numbers less than 2^53 apart are too coarse.
        let primes = if to - from < 1e-6 * to { (to - from) / to.ln() } else { primes };
        let sure = 0.999 * primes - 10.0 * primes.max(0.0).sqrt() - 1000.0;
        bytes += sure.max(0.0) * if list.encoding == Encoding::Text { f64::from(digits) + 1.0 } else { 8.0 };
        from = if to > from { to } else { high };
    }
    list.header_bytes() + bytes as u64
}

fn reserve(file: &File, length: u64) -> std::io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;
    match fallocate(file, FallocateFlags::empty(), 0, length.max(1)) {
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether several writers of one page would not be safe.
pub fn is_on_nfs(path: &Path) -> bool {
    /// `NFS_SUPER_MAGIC` of linux/magic.h.
    const NFS: u64 = 0x6969;
    rustix::fs::statfs(path).is_ok_and(|system| system.f_type as u64 == NFS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::primes::cut::Cut;
    use crate::commands::primes::range::Range;
    use crate::isa::Isa;
    use crate::primes::naive;
    use crate::primes::source::Algorithm;

    #[test]
    fn what_is_reserved_is_nearly_the_list_and_no_more() {
        for (start, stop) in [(0, 0), (0, 100), (0, 2_000_000), (123_456, 2_000_000), (999_000, 1_001_000)] {
            let primes = naive::eratosthenes(stop + 1).into_iter().filter(|&p| p >= start);
            let (text, words) = primes.fold((0, 0), |(text, words), p| (text + u64::from(p.ilog10()) + 2, words + 8));
            for (encoding, length) in [(Encoding::Text, text), (Encoding::U64le, words), (Encoding::Npy, words + 128)] {
                let (cut, algorithm) = (Cut::new(Range { start, stop }, 1000), Algorithm::Sieve(Isa::Portable.into()));
                let sure = sure_length(PrimeList { cut, algorithm, k: 1, encoding });
                assert!(
                    sure <= length && sure + 40_000 + length / 20 > length,
                    "{start} to {stop}: {sure} of {length}"
                );
            }
        }
    }
}
