//! The walks: every hot loop of the sieve, compiled once for each instruction set, and the choice between them.
//!
//! The loops themselves are plain Rust in the files beside this one, one definition each (`#[inline(always)]`). Here
//! the compiler makes vectors of them: a function with `#[target_feature]` that has the loop inside. So all walks give
//! the same integers by construction. The only `unsafe` of these loops is here: calling such a function on a CPU that has
//! the feature.

use crate::bytes::presieve::{self, STEP};
use crate::bytes::sieving_primes::Tier;
use crate::bytes::{big, bits, medium, small};
use crate::lines;
use crate::lines::places::Places;
use crate::list::decimal;
use montesieve_kernel::isa::Isa;

/// An instruction set that this CPU has.
#[derive(Clone, Copy)]
pub(crate) struct Walks(Isa);

impl Walks {
    /// # Panics
    /// When this CPU does not have the instruction set.
    pub(crate) fn new(isa: Isa) -> Walks {
        assert!(isa.is_supported(), "this CPU has no {isa}");
        Walks(isa)
    }
}

macro_rules! walk {
    ($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? = $body:path) => {
        impl Walks {
            $(#[$doc])*
            pub(crate) fn $name(self, $($argument: $type),*) $(-> $result)? {
                #[cfg(target_arch = "x86_64")]
                {
                    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
                    fn avx2($($argument: $type),*) $(-> $result)? {
                        $body($($argument),*)
                    }
                    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
                    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq")]
                    fn avx512($($argument: $type),*) $(-> $result)? {
                        $body($($argument),*)
                    }
                    match self.0 {
                        Isa::Portable => {}
                        // SAFETY: `Walks::new` made sure that this CPU has AVX2 and the rest of `Isa::Avx2`.
                        Isa::Avx2 => return unsafe { avx2($($argument),*) },
                        // SAFETY: likewise for `Isa::Avx512`, which includes `Isa::Avx2`.
                        Isa::Avx512 => return unsafe { avx512($($argument),*) },
                    }
                }
                $body($($argument),*)
            }
        }
    };
}

walk! {
    /// `target` = the AND of all `sources`.
    and_all(target: &mut [u8; STEP], sources: &[&[u8; STEP]; 16]) = presieve::and_all
}
walk! {
    /// Crosses by small primes, see `small.rs`.
    cross_small(tier: &mut Tier, buffer: &mut [u8], length: usize) = small::cross
}
walk! {
    /// Crosses by medium primes, see `medium.rs`.
    cross_medium(tier: &mut Tier, buffer: &mut [u8], length: usize) = medium::cross
}
walk! {
    /// First multiples of a batch of big primes, see `big.rs`.
    starts(base: u128, above: u64, batch: &mut big::Batch) = big::starts
}
walk! {
    /// How many bits are ones.
    count_ones(bytes: &[u8]) -> u64 = bits::count_ones
}
walk! {
    /// `target` = the AND of all `sources`, in a line.
    and_all_line(target: &mut [u8; lines::presieve::STEP], sources: &[&[u8; lines::presieve::STEP]; 16])
        = lines::presieve::and_all
}
walk! {
    /// First hits on the next line, see `lines/places.rs`.
    step_lines(firsts: &mut [u32], strides: &[u32], primes: &[u32], steps: u32) = lines::places::step
}
walk! {
    /// Turns from first hits, see `lines/places.rs`.
    turns(turns: &mut [u32], firsts: &[u32], primes: &[u32], margin: u32) = lines::places::turns
}
walk! {
    /// Crosses a line by small primes, see `lines/small.rs`.
    cross_turns(places: &mut Places, tier: usize, buffer: &mut [u8], start: usize, border: usize, stretch: usize)
        = lines::small::cross
}
walk! {
    /// Crosses a line by larger primes, see `lines/steady.rs`.
    cross_steady(primes: &[u32], firsts: &[u32], line: &mut [u8], bits: u32) = lines::steady::cross
}
walk! {
    /// How many bits are ones in all lines, see `lines/ones.rs`.
    ones(lines: &[&[u8]], from: u64, to: u64) -> u64 = lines::ones::ones
}
walk! {
    /// Lines in the order of their numbers, see `lines/order.rs`.
    put_in_order(words: &[u64], stride: usize, groups: usize, bytes: &mut [u8]) = lines::order::put_in_order
}
walk! {
    /// The last digits of lines of text, see `decimal.rs`.
    tails(offsets: &[u16], first: u32, tails: &mut [u64]) = decimal::tails
}
