//! A list of primes as bytes: decimal lines, 64-bit words, or a NumPy array.
//!
//! | form | bytes | read by |
//! |---|---|---|
//! | text | one prime on a line | everything |
//! | u64le | 8 a prime, little-endian, nothing else | `numpy.fromfile(F, '<u8')`, C, Rust |
//! | npy | a header of 128 bytes, then as u64le | `numpy.load(F)`, also memory-mapped |
//!
//! The length of a prime's bytes depends on the prime alone, so the place of every byte follows from counts: [`Encoding::length`].
//! Reference: NumPy Enhancement Proposal 1 and `numpy.lib.format`, version 1.0.

use std::ops::ControlFlow;

use super::source::Source;
use super::{PrimeRun, Pulse, decimal};

/// A form of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Decimal lines.
    Text,
    /// Little-endian 64-bit words.
    U64le,
    /// A one-dimensional NumPy array of such words.
    Npy,
}

impl Encoding {
    /// What comes before the first prime of a list of `primes` primes.
    pub fn header(self, primes: u64) -> Vec<u8> {
        if self != Encoding::Npy {
            return Vec::new();
        }
        /// The whole header: a multiple of 64, so that the array is aligned when it is mapped.
        const LENGTH: usize = 128;
        let mut header = b"\x93NUMPY\x01\x00".to_vec();
        header.extend_from_slice(&(LENGTH as u16 - 10).to_le_bytes());
        let shape = format!("{{'descr': '<u8', 'fortran_order': False, 'shape': ({primes},), }}");
        header.extend_from_slice(shape.as_bytes());
        header.resize(LENGTH - 1, b' ');
        header.push(b'\n');
        header
    }

    /// Appends these primes to `bytes`. Words have 64 bits: primes above are written as text alone, and other forms refused before any work.
    pub fn append(self, primes: PrimeRun<'_>, bytes: &mut Vec<u8>) {
        match self {
            Encoding::Text if primes.base == 0 => decimal::append(primes.offsets, bytes),
            // Finding one costs a hundred times what writing it does.
            Encoding::Text => primes.iter().for_each(|p| bytes.extend_from_slice(format!("{p}\n").as_bytes())),
            Encoding::U64le | Encoding::Npy => bytes.extend(primes.iter().flat_map(|p| (p as u64).to_le_bytes())),
        }
    }

    /// How many primes `[low, high)` has, and how many bytes they take: by counting alone. A `Break` from `pulse` comes back.
    pub fn length(
        self,
        source: &mut Source,
        low: u128,
        high: u128,
        pulse: &mut Pulse<'_>,
    ) -> ControlFlow<(), (u64, u64)> {
        if self != Encoding::Text {
            let primes = source.count(low, high, pulse)?;
            return ControlFlow::Continue((primes, 8 * primes));
        }
        // Between two powers of ten all lines are as long.
        let (mut primes, mut bytes, mut from) = (0, 0, low);
        while from < high {
            let digits = from.max(1).ilog10() + 1;
            let to = 10_u128.pow(digits).min(high);
            let found = source.count(from, to, pulse)?;
            primes += found;
            bytes += found * u64::from(digits + 1);
            from = to;
        }
        ControlFlow::Continue((primes, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::naive;
    use super::super::source::Algorithm;
    use super::*;
    use crate::isa::Isa;
    use proptest::prelude::*;

    #[test]
    fn the_header_is_one_that_numpy_reads() {
        for primes in [0, 25, u64::MAX] {
            let header = Encoding::Npy.header(primes);
            assert_eq!((header.len(), &header[..8], &header[8..10]), (128, &b"\x93NUMPY\x01\x00"[..], &[118, 0][..]));
            let text = std::str::from_utf8(&header[10..]).expect("ASCII");
            assert!(text.starts_with(&format!("{{'descr': '<u8', 'fortran_order': False, 'shape': ({primes},), }}")));
            assert!(text.ends_with(" \n"));
        }
        assert!(Encoding::Text.header(25).is_empty() && Encoding::U64le.header(25).is_empty());
    }

    #[test]
    fn words_are_little_endian() {
        let mut bytes = vec![9];
        Encoding::U64le.append(PrimeRun::small(&[2, 0x0102_0304_0506_0708]), &mut bytes);
        assert_eq!(bytes, [9, 2, 0, 0, 0, 0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1]);
    }

    #[test]
    fn text_of_more_than_64_bits() {
        let mut bytes = Vec::new();
        Encoding::Text.append(PrimeRun { base: 10_u128.pow(20), offsets: &[39, 129] }, &mut bytes);
        assert_eq!(bytes, b"100000000000000000039\n100000000000000000129\n");
        let (low, high) = (10_u128.pow(20) - 11, 10_u128.pow(20) + 130);
        let length = Encoding::Text
            .length(&mut Algorithm::Sieve(Isa::widest()).source(high), low, high, &mut || ControlFlow::Continue(()));
        assert_eq!(length, ControlFlow::Continue((3, 21 + 2 * 22)));
    }

    proptest! {
        #[test]
        fn lengths_are_those_of_the_bytes(low in prop_oneof![0_u64..200, 0_u64..200_000], distance in 0_u64..20_000) {
            let high = low + distance;
            let primes: Vec<u64> = naive::eratosthenes(high).into_iter().filter(|&p| p >= low).collect();
            let mut source = Algorithm::Sieve(Isa::widest()).source(high.into());
            for encoding in [Encoding::Text, Encoding::U64le, Encoding::Npy] {
                let mut bytes = Vec::new();
                encoding.append(PrimeRun::small(&primes), &mut bytes);
                let length = encoding.length(&mut source, low.into(), high.into(), &mut || ControlFlow::Continue(()));
                prop_assert_eq!(length, ControlFlow::Continue((primes.len() as u64, bytes.len() as u64)));
            }
        }
    }
}
