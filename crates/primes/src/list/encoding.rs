//! A list of primes as bytes: decimal lines, 64-bit words, or a NumPy array.
//!
//! | form | bytes | read by |
//! |---|---|---|
//! | text | one prime on a line | everything |
//! | u64le | 8 a prime, little-endian, nothing else | `numpy.fromfile(F, '<u8')`, C, Rust |
//! | npy | a header of 128 bytes, then as u64le | `numpy.load(F)`, also memory-mapped |
//!
//! k-tuplets are always text, as primesieve prints them: `(3, 5)` on a line. An [`Encoder`] makes
//! the bytes of [`Marks`], and knows their number in advance ([`Encoder::length`]), since all
//! numbers between two powers of ten have lines of one length. So the place of every byte in a file
//! follows from counts.
//!
//! Run time: 1 ns a prime (Sapphire Rapids, AVX-512). Memory: 2 MB.
//! Reference: NumPy Enhancement Proposal 1 and `numpy.lib.format`, version 1.0.

use super::decimal;
use super::marks::{Marks, members, reach};
use super::tuplets::MOST;
use crate::bytes::bits::Reader;
use crate::bytes::bits::count_ones;
use montesieve_kernel::isa::{Isa, Supported};

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
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Text => "text",
            Encoding::U64le => "u64le",
            Encoding::Npy => "npy",
        }
    }

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
}

/// Bytes collected before they are handed out: enough for one call of the system.
const PART: usize = 1 << 20;

/// Turns marks into the bytes of a list.
pub struct Encoder {
    encoding: Encoding,
    /// 1 for primes, 2 to 6 for k-tuplets.
    k: usize,
    isa: Supported,
    reader: Reader,
    text: Text,
}

impl Encoder {
    /// For a list of primes (`k` = 1) in this form, or of k-tuplets, which are text.
    ///
    /// # Panics
    /// When there are no such k-tuplets, or this CPU does not have the instruction set.
    pub fn new(encoding: Encoding, k: usize, isa: Isa) -> Encoder {
        assert!((1..=MOST).contains(&k), "there are no {k}-tuplets here");
        let isa = isa.require();
        Encoder { encoding, k, isa, reader: Reader::new(isa), text: Text { bytes: Vec::new(), end: 0 } }
    }

    /// How many numbers are marked.
    pub fn count(&self, marks: &Marks) -> u64 {
        marks.outside().count() as u64 + count_ones(self.isa, marks.bytes().1)
    }

    /// How many bytes the list of these marks has.
    pub fn length(&mut self, marks: &Marks) -> u64 {
        let count = self.count(marks);
        if self.encoding != Encoding::Text {
            return 8 * count;
        }
        let (first, bytes) = marks.bytes();
        let digits = |n: u128| n.max(1).ilog10() + 1;
        let last = first + 30 * bytes.len() as u128 + reach(self.k);
        if digits(first) == digits(last) && marks.outside().next().is_none() {
            let (k, digits) = (self.k as u64, u64::from(digits(first)));
            return count * if k == 1 { digits + 1 } else { k * (digits + 2) + 1 };
        }
        let mut length = 0;
        let end: Result<(), ()> = self.each(marks, |bytes| {
            length += bytes.len() as u64;
            Ok(())
        });
        debug_assert!(end.is_ok());
        length
    }

    /// Hands out the list of these marks, about a megabyte at a time.
    ///
    /// # Errors
    /// What `each` returned; nothing more is handed out then.
    pub fn each<E>(&mut self, marks: &Marks, mut each: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let Encoder { encoding, k, isa, reader, text } = self;
        let isa = *isa;
        let (first, bytes) = marks.bytes();
        text.end = 0;
        let outside: Vec<u16> = marks.outside().collect();
        if !outside.is_empty() {
            text.take(0, &outside, *encoding, *k, isa);
        }
        reader.each(bytes, |at, offsets| {
            if text.end >= PART {
                each(&text.bytes[..text.end])?;
                text.end = 0;
            }
            text.take(first + 30 * at as u128, offsets, *encoding, *k, isa);
            Ok(())
        })?;
        if text.end > 0 { each(&text.bytes[..text.end]) } else { Ok(()) }
    }
}

/// Bytes that are collected.
struct Text {
    /// Room; the first `end` bytes of it count.
    bytes: Vec<u8>,
    end: usize,
}

impl Text {
    /// Appends the numbers `base` plus each of `offsets`, or the k-tuplets that begin with them.
    fn take(&mut self, base: u128, offsets: &[u16], encoding: Encoding, k: usize, isa: Supported) {
        let room = self.end + (decimal::LINE + 4) * k * (offsets.len() + 1);
        if self.bytes.len() < room {
            self.bytes.resize(room.max(2 * PART), 0);
        }
        let out = &mut self.bytes[self.end..];
        self.end += match (k, encoding) {
            (1, Encoding::Text) => decimal::write(base, offsets, isa, out),
            (1, _) => {
                // Words have 64 bits: lists of larger numbers are refused before any work.
                let base = base as u64;
                for (word, &offset) in out.as_chunks_mut().0.iter_mut().zip(offsets) {
                    *word = (base + u64::from(offset)).to_le_bytes();
                }
                8 * offsets.len()
            }
            _ => tuplets(base, offsets, k, isa, out),
        };
    }
}

/// Writes the k-tuplets that begin with `base` plus each of `offsets`, a line each: how many bytes.
fn tuplets(base: u128, offsets: &[u16], k: usize, isa: Supported, out: &mut [u8]) -> usize {
    // The first members as lines, then the second ones, ...: each in rising order.
    let columns: Vec<Vec<u8>> = (0..k)
        .map(|i| {
            let column: Vec<u16> =
                offsets.iter().map(|&first| first + members(k, base + u128::from(first))[i]).collect();
            let mut lines = vec![0; decimal::LINE * (column.len() + 1)];
            let length = decimal::write(base, &column, isa, &mut lines);
            lines.truncate(length);
            lines
        })
        .collect();
    let mut columns: Vec<_> = columns.iter().map(|lines| lines.split(|&byte| byte == b'\n')).collect();
    let mut end = 0;
    let mut put = |bytes: &[u8]| {
        out[end..end + bytes.len()].copy_from_slice(bytes);
        end += bytes.len();
    };
    for _ in offsets {
        for (i, column) in columns.iter_mut().enumerate() {
            put(if i == 0 { b"(" } else { b", " });
            put(column.next().unwrap_or_default());
        }
        put(b")\n");
    }
    end
}

#[cfg(test)]
mod tests {
    use super::super::{PrimeRun, tuplets as listed};
    use super::*;
    use crate::naive;
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

    fn encoded(encoder: &mut Encoder, marks: &Marks) -> Vec<u8> {
        let mut bytes = Vec::new();
        let end: Result<(), ()> = encoder.each(marks, |part| {
            assert!(!part.is_empty());
            bytes.extend_from_slice(part);
            Ok(())
        });
        assert_eq!((end, encoder.length(marks)), (Ok(()), bytes.len() as u64));
        bytes
    }

    /// Marks at `numbers`, which have no factor 2, 3 or 5.
    fn marked(low: u128, numbers: impl IntoIterator<Item = u128>) -> Marks {
        let mut marks = Marks::new(low);
        numbers.into_iter().for_each(|n| marks.mark(n));
        marks
    }

    #[test]
    fn text_of_any_size_and_a_long_one_in_parts() {
        for isa in Isa::available() {
            let mut encoder = Encoder::new(Encoding::Text, 1, isa);
            for low in [0, 10_u128.pow(9), 10_u128.pow(20), 10_u128.pow(26) - 600_000] {
                let low = low / 30 * 30;
                let numbers = || (low..low + 3_000_000).step_by(30).map(|n| n + 7);
                let expected: String = numbers().map(|n| format!("{n}\n")).collect();
                assert!(encoded(&mut encoder, &marked(low, numbers())) == expected.as_bytes(), "from {low} on, {isa}");
            }
            let mut words = Encoder::new(Encoding::U64le, 1, isa);
            let expected = [2, u64::MAX - 58].map(u64::to_le_bytes);
            assert_eq!(encoded(&mut words, &marked(0, [2])), expected[0]);
            assert_eq!(
                encoded(&mut words, &marked(u128::from(u64::MAX) - 58, [u128::from(u64::MAX) - 58])),
                expected[1]
            );
        }
    }

    #[test]
    fn what_each_returns_ends_it() {
        let marks = marked(0, naive::eratosthenes(5_000_000).into_iter().map(u128::from));
        let mut handed = 0;
        let end = Encoder::new(Encoding::Text, 1, Isa::widest()).each(&marks, |_| {
            handed += 1;
            Err("gone")
        });
        assert_eq!((end, handed), (Err("gone"), 1));
    }

    proptest! {
        #[test]
        fn lists_are_those_of_the_standard_library(
            low in prop_oneof![0_u64..200, 0_u64..200_000], distance in 0_u64..20_000, k in 1_usize..=MOST,
            isa in prop::sample::select(Isa::available().collect::<Vec<_>>()),
        ) {
            let high = low + distance;
            let primes: Vec<u64> = naive::eratosthenes(high).into_iter().filter(|&p| p >= low).collect();
            let mut marks = marked(low.into(), primes.iter().map(|&p| p.into()));
            let mut text = Vec::new();
            if k == 1 {
                primes.iter().for_each(|p| text.extend_from_slice(format!("{p}\n").as_bytes()));
                let words: Vec<u8> = primes.iter().flat_map(|p| p.to_le_bytes()).collect();
                for encoding in [Encoding::U64le, Encoding::Npy] {
                    prop_assert_eq!(&encoded(&mut Encoder::new(encoding, 1, isa), &marks), &words);
                }
            } else {
                listed::each(k, PrimeRun::small(&primes), |tuplet| listed::append(tuplet, &mut text));
                marks.keep_tuplets(k, low.into(), high.into());
            }
            let mut encoder = Encoder::new(Encoding::Text, k, isa);
            prop_assert_eq!(encoder.count(&marks), text.iter().filter(|&&byte| byte == b'\n').count() as u64);
            prop_assert_eq!(encoded(&mut encoder, &marks), text);
        }
    }
}
