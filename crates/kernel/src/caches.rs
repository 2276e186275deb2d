//! The caches of a core, which decide how much data a kernel works on at once.
//!
//! Stands beside `isa.rs`: that one says which instructions a CPU has, this one how near its data
//! is. Both change the speed, never the answer. Nothing is read here: the program asks its system.

use std::fmt;
use std::str::FromStr;

/// Bytes of the data caches that one core has for itself, by level: a cache that cores share is
/// divided among them.
///
/// ```
/// use montesieve_kernel::caches::Caches;
///
/// let caches: Caches = "48K,2M,32M".parse()?;
/// assert_eq!((caches.l1, caches.l2, caches.l3), (48 << 10, 2 << 20, 32 << 20));
/// assert_eq!(caches.to_string(), "48K,2M,32M");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caches {
    /// Data cache of the first level.
    pub l1: u64,
    /// Second level.
    pub l2: u64,
    /// Third level; 0 without one.
    pub l3: u64,
}

impl Caches {
    /// Of a machine that does not tell: what most cores have at least.
    pub const UNKNOWN: Caches = Caches { l1: 32 << 10, l2: 1 << 20, l3: 0 };

    /// What a core has of the caches that a system lists as (level, bytes, cores that share it);
    /// `None` without a first and a second level.
    pub fn of(listed: &[(u32, u64, u64)]) -> Option<Caches> {
        let level = |level| listed.iter().find(|cache| cache.0 == level).map(|&(_, bytes, cores)| bytes / cores.max(1));
        Some(Caches {
            l1: level(1).filter(|&l1| l1 > 0)?,
            l2: level(2).filter(|&l2| l2 > 0)?,
            l3: level(3).unwrap_or(0),
        })
    }

    /// The caches to plan for: `forced` (the value of `MONTESIEVE_CACHE`) if there is one, else
    /// those that `find` finds.
    ///
    /// # Errors
    /// A sentence for the user when `forced` is not three sizes.
    pub fn choose(forced: Option<&str>, find: impl FnOnce() -> Option<Caches>) -> Result<Option<Caches>, String> {
        forced.map_or_else(|| Ok(find()), |sizes| sizes.parse().map(Some))
    }
}

impl fmt::Display for Caches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{}", Size(self.l1), Size(self.l2), Size(self.l3))
    }
}

/// Bytes as `MONTESIEVE_CACHE` has them: `48K`, `2M`.
pub struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut bytes, mut units) = (self.0, ["", "K", "M", "G"].iter());
        let mut unit = units.next();
        while bytes > 0 && bytes.is_multiple_of(1024) && units.len() > 0 {
            bytes /= 1024;
            unit = units.next();
        }
        write!(f, "{bytes}{}", unit.unwrap_or(&""))
    }
}

impl FromStr for Caches {
    type Err = String;

    fn from_str(text: &str) -> Result<Caches, String> {
        let sizes: Option<Vec<u64>> = text.split(',').map(size).collect();
        match sizes.as_deref() {
            Some(&[l1, l2, l3]) if l1 > 0 && l2 > 0 => Ok(Caches { l1, l2, l3 }),
            _ => Err(format!(
                "MONTESIEVE_CACHE={text}: give the bytes of a core's three levels of cache, such as 48K,2M,32M (the last may be 0)"
            )),
        }
    }
}

/// Bytes, with K, M or G for powers of 1024 and, as systems write it, `KiB` or `KB` for K.
fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let shift = match unit.to_ascii_uppercase().trim_end_matches('B').trim_end_matches('I') {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        let sizes = |l1, l2, l3| Ok(Caches { l1, l2, l3 });
        assert_eq!("48K,2M,260M".parse(), sizes(48 << 10, 2 << 20, 260 << 20));
        assert_eq!("32768, 512KiB ,0".parse(), sizes(32768, 512 << 10, 0));
        assert_eq!("64kb,1g,1G".parse(), sizes(64 << 10, 1 << 30, 1 << 30));
        for text in ["1,2,3", "48K,2M,32M", "1280K,1G,0"] {
            let caches: Caches = text.parse().expect(text);
            assert_eq!(caches.to_string().parse(), Ok(caches));
        }
        for text in ["", "48K", "48K,2M", "48K,2M,1M,1M", "0,2M,1M", "48K,0,0", "-1,2,3", "48T,2M,1M", "K,M,G"] {
            assert!(text.parse::<Caches>().is_err(), "{text}");
        }
        assert!("99999999999G,1,1".parse::<Caches>().is_err(), "more than 64 bits");
    }

    #[test]
    fn shared_caches_are_divided() {
        let hybrid = [(1, 32 << 10, 1), (2, 4 << 20, 4), (3, 24 << 20, 12)];
        assert_eq!(Caches::of(&hybrid), Some(Caches { l1: 32 << 10, l2: 1 << 20, l3: 2 << 20 }));
        assert_eq!(Caches::of(&hybrid[..2]), Some(Caches { l1: 32 << 10, l2: 1 << 20, l3: 0 }));
        assert_eq!(Caches::of(&hybrid[1..]), None);
        assert_eq!(Caches::of(&[]), None);
    }

    #[test]
    fn what_is_forced_counts() {
        let (small, found) = ("16K,256K,0", Some(Caches::UNKNOWN));
        assert_eq!(Caches::choose(Some(small), || found), Ok(small.parse().ok()));
        assert_eq!((Caches::choose(None, || found), Caches::choose(None, || None)), (Ok(found), Ok(None)));
        assert!(Caches::choose(Some("large"), || found).is_err());
    }
}
