//! Which instruction set the kernels use: chosen once at run time, forced by `MONTESIEVE_ISA`.
//!
//! An instruction set can change how fast an answer comes, never the answer: every kernel has one
//! definition, compiled for each of them.

use std::fmt;
use std::str::FromStr;

/// The instruction sets that kernels are written for, from the plainest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// Plain Rust, any CPU.
    Portable,
    /// x86-64 with AVX2, BMI1, BMI2 and POPCNT (Haswell, 2013; Zen, 2017).
    Avx2,
    /// x86-64 with AVX-512 F, BW, DQ, VL, VNNI, VBMI2, VPOPCNTDQ and IFMA (Ice Lake, 2019; Zen 4,
    /// 2022).
    Avx512,
}

impl Isa {
    /// All of them, for tests that compare each with the portable one.
    pub const ALL: [Isa; 3] = [Isa::Portable, Isa::Avx2, Isa::Avx512];

    /// The widest instruction set that this CPU has.
    pub fn widest() -> Isa {
        Isa::ALL.into_iter().rev().find(|isa| isa.is_supported()).unwrap_or(Isa::Portable)
    }

    /// Whether this CPU can run it. AVX-512 without the parts listed above (Skylake) does not count
    /// as [`Isa::Avx512`].
    pub fn is_supported(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            match self {
                Isa::Portable => true,
                Isa::Avx2 => has!("avx2") && has!("bmi1") && has!("bmi2") && has!("popcnt") && has!("lzcnt"),
                Isa::Avx512 => {
                    Isa::Avx2.is_supported()
                        && has!("avx512f")
                        && has!("avx512bw")
                        && has!("avx512dq")
                        && has!("avx512vl")
                        && has!("avx512vnni")
                        && has!("avx512vbmi2")
                        && has!("avx512vpopcntdq")
                        && has!("avx512ifma")
                }
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            self == Isa::Portable
        }
    }

    /// The instruction set to use: `forced` (the value of `MONTESIEVE_ISA`) if there is one, else
    /// the widest.
    ///
    /// # Errors
    /// A sentence for the user when `forced` is no instruction set, or one that this CPU lacks.
    pub fn choose(forced: Option<&str>) -> Result<Isa, String> {
        let Some(name) = forced else { return Ok(Isa::widest()) };
        let isa: Isa = name.parse()?;
        if isa.is_supported() {
            Ok(isa)
        } else {
            Err(format!("MONTESIEVE_ISA={name}: this CPU does not have it (it has {})", Isa::widest()))
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
        })
    }
}

impl FromStr for Isa {
    type Err = String;

    fn from_str(name: &str) -> Result<Isa, String> {
        Isa::ALL
            .into_iter()
            .find(|isa| isa.to_string() == name)
            .ok_or_else(|| format!("MONTESIEVE_ISA={name}: not an instruction set; use portable, avx2 or avx512"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for isa in Isa::ALL {
            assert_eq!(isa.to_string().parse(), Ok(isa));
        }
    }

    #[test]
    fn portable_can_always_be_forced_and_nonsense_never() {
        assert_eq!(Isa::choose(Some("portable")), Ok(Isa::Portable));
        assert!(Isa::choose(Some("neon")).is_err());
        assert_eq!(Isa::choose(None), Ok(Isa::widest()));
    }
}
