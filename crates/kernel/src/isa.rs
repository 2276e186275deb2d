//! Which instruction set the kernels use: chosen once at run time, forced by `MONTESIEVE_ISA`.
//!
//! The instruction set changes the speed, never the answer: [`dispatch!`](crate::dispatch) compiles
//! one definition for each of them. This file alone names the features of each set, tests the CPU
//! for them, and calls functions that need them.

use std::fmt;
use std::str::FromStr;

/// The instruction sets that kernels are written for, from the plainest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// Plain Rust, any CPU.
    Portable,
    /// x86-64-v3 and carry-less products: AVX2, FMA, BMI1, BMI2, POPCNT, LZCNT, PCLMULQDQ
    /// (Haswell, 2013; Zen, 2017).
    Avx2,
    /// The same with AVX-512 F, BW, CD, DQ, VL, IFMA, VBMI, VBMI2, VNNI and VPOPCNTDQ (Ice Lake,
    /// 2019; Zen 4, 2022). Skylake's AVX-512 lacks half of these and counts as [`Isa::Avx2`].
    Avx512,
}

/// Whether plain code has fused multiplications in one instruction: every aarch64 CPU does.
pub const PLAIN_IS_FUSED: bool = cfg!(target_arch = "aarch64");

/// The feature sets, the only place that names them. `NAME detect` tests this CPU, `NAME ITEM`
/// compiles a function for the set. For [`Isa::is_supported`] and [`dispatch!`](crate::dispatch).
#[doc(hidden)]
#[macro_export]
macro_rules! features {
    (avx2 $($task:tt)+) => {
        $crate::features! { @ ["avx2" "fma" "bmi1" "bmi2" "popcnt" "lzcnt" "pclmulqdq"] $($task)+ }
    };
    (avx512 $($task:tt)+) => {
        $crate::features! { @ [
            "avx2" "fma" "bmi1" "bmi2" "popcnt" "lzcnt" "pclmulqdq"
            "avx512f" "avx512bw" "avx512cd" "avx512dq" "avx512vl"
            "avx512ifma" "avx512vbmi" "avx512vbmi2" "avx512vnni" "avx512vpopcntdq"
        ] $($task)+ }
    };
    (@ [$($feature:tt)+] detect) => { $(std::arch::is_x86_feature_detected!($feature))&&+ };
    (@ [$($feature:tt)+] $($item:tt)+) => { $(#[target_feature(enable = $feature)])+ $($item)+ };
}

/// An instruction set that this CPU has. Only a test of the CPU makes one, so a function that takes
/// it may run the instructions: see [`dispatch!`](crate::dispatch).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supported(Isa);

impl Supported {
    /// Every CPU has this one.
    pub const PORTABLE: Supported = Supported(Isa::Portable);

    /// All that this CPU has, for tests that compare each with the portable one.
    pub fn all() -> impl Iterator<Item = Supported> {
        Isa::available().map(Supported)
    }

    /// The widest that this CPU has.
    pub fn widest() -> Supported {
        Supported(Isa::widest())
    }

    /// Which it is.
    pub fn isa(self) -> Isa {
        self.0
    }
}

impl Isa {
    /// All of them, from the plainest to the widest.
    pub const ALL: [Isa; 3] = [Isa::Portable, Isa::Avx2, Isa::Avx512];

    /// The widest instruction set that this CPU has.
    pub fn widest() -> Isa {
        Isa::available().last().unwrap_or(Isa::Portable)
    }

    /// Those that this CPU has, for tests that compare each with the portable one.
    pub fn available() -> impl Iterator<Item = Isa> {
        Isa::ALL.into_iter().filter(|isa| isa.is_supported())
    }

    /// Whether this CPU has it.
    pub fn is_supported(self) -> bool {
        match self {
            Isa::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => features!(avx2 detect),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => features!(avx512 detect),
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The right to run it.
    ///
    /// # Panics
    /// If this CPU lacks it.
    pub fn require(self) -> Supported {
        assert!(self.is_supported(), "this CPU has no {self}");
        Supported(self)
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

impl fmt::Display for Supported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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

/// Defines a function that exists once for each instruction set, and calls the one of its argument
/// of type [`Supported`].
///
/// After `=` stands one expression for all sets: plain Rust (an `#[inline(always)]` function),
/// which the compiler turns into each set's instructions. A body has one expression for each set
/// instead, or `avx512` and `else`: functions with `#[target_feature]` are called there without
/// `unsafe`, since the compiler checks that the set has their features. Generic parameters stand in
/// brackets, then their names.
///
/// ```
/// use montesieve_kernel::dispatch;
/// use montesieve_kernel::isa::{Isa, Supported};
///
/// #[inline(always)]
/// fn sum(numbers: &[u64]) -> u64 {
///     numbers.iter().sum()
/// }
///
/// dispatch! {
///     /// The sum of `numbers`.
///     fn fast_sum(isa: Supported, numbers: &[u64]) -> u64 = sum(numbers);
/// }
///
/// dispatch! {
///     /// Bits in a register.
///     fn width(isa: Supported) -> u32 {
///         portable => 64,
///         avx2 => 256,
///         avx512 => 512,
///     }
/// }
///
/// let widths = [(Isa::Portable, 64), (Isa::Avx2, 256), (Isa::Avx512, 512)];
/// for (isa, bits) in widths.into_iter().filter(|(isa, _)| isa.is_supported()) {
///     assert_eq!((fast_sum(isa.require(), &[1, 2, 3]), width(isa.require())), (6, bits));
/// }
/// ```
#[macro_export]
macro_rules! dispatch {
    (
        $(#[$attribute:meta])* $visibility:vis fn $name:ident $([$($generic:tt)*][$($parameter:tt)*])?
        ($isa:ident: Supported $(, $argument:ident: $type:ty)* $(,)?) $(-> $result:ty)? = $body:expr $(;)?
    ) => {
        $crate::dispatch! {
            $(#[$attribute])* $visibility fn $name $([$($generic)*][$($parameter)*])?
            ($isa: Supported $(, $argument: $type)*) $(-> $result)? {
                portable => $body,
                avx2 => $body,
                avx512 => $body,
            }
        }
    };
    (
        $(#[$attribute:meta])* $visibility:vis fn $name:ident $([$($generic:tt)*][$($parameter:tt)*])?
        ($isa:ident: Supported $(, $argument:ident: $type:ty)* $(,)?) $(-> $result:ty)? {
            avx512 => $avx512:expr, else => $plain:expr $(,)?
        }
    ) => {
        $crate::dispatch! {
            $(#[$attribute])* $visibility fn $name $([$($generic)*][$($parameter)*])?
            ($isa: Supported $(, $argument: $type)*) $(-> $result)? {
                portable => $plain,
                avx2 => $plain,
                avx512 => $avx512,
            }
        }
    };
    (
        $(#[$attribute:meta])* $visibility:vis fn $name:ident $([$($generic:tt)*][$($parameter:tt)*])?
        ($isa:ident: Supported $(, $argument:ident: $type:ty)* $(,)?) $(-> $result:ty)? {
            portable => $portable:expr, avx2 => $avx2:expr, avx512 => $avx512:expr $(,)?
        }
    ) => {
        $(#[$attribute])*
        $visibility fn $name $(<$($generic)*>)? ($isa: $crate::isa::Supported $(, $argument: $type)*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            {
                $crate::features! { avx2
                    fn avx2 $(<$($generic)*>)? ($($argument: $type),*) $(-> $result)? { $avx2 }
                }
                $crate::features! { avx512
                    fn avx512 $(<$($generic)*>)? ($($argument: $type),*) $(-> $result)? { $avx512 }
                }
                match $isa.isa() {
                    $crate::isa::Isa::Portable => {}
                    // SAFETY: only a check that this CPU has `Isa::Avx2`, which is these features,
                    // makes a `Supported` of it.
                    $crate::isa::Isa::Avx2 => return unsafe { avx2 $(::<$($parameter)*>)? ($($argument),*) },
                    // SAFETY: likewise for `Isa::Avx512`.
                    $crate::isa::Isa::Avx512 => return unsafe { avx512 $(::<$($parameter)*>)? ($($argument),*) },
                }
            }
            #[cfg(not(target_arch = "x86_64"))]
            let _ = $isa;
            $portable
        }
    };
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
