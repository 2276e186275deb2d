//! Reading a sieved piece: how many bits, and which.
//!
//! Run time: counting about 0.01 ns a byte with vectors; reading about 1.5 ns a prime, most of it
//! the unpredictable end of the loop at each word. With AVX-512 one instruction (`vpcompressb`)
//! returns the numbers of a word without such a loop: 0.2 to 0.4 ns a prime (Sapphire Rapids).

use super::wheel::VALUE;
use montesieve_kernel::dispatch;
use montesieve_kernel::isa::Supported;

/// Bytes whose numbers are read at once, of 30 numbers each: all differ by less than 2^16.
const STEP: usize = 272 * 8;

/// Room for the numbers of a step, and as many more as one word is written too far.
const ROOM: usize = 64 * (STEP / 8 + 1);

/// Reads numbers from bytes of 30 numbers, for one instruction set.
pub(crate) struct Reader {
    isa: Supported,
    offsets: Box<[u16; ROOM]>,
}

impl Reader {
    pub(crate) fn new(isa: Supported) -> Reader {
        Reader { isa, offsets: Box::new([0; ROOM]) }
    }

    /// Hands out the numbers that the ones of `bytes` stand for, a few thousand at a time, in
    /// rising order: a byte's place, and how far each number is from the first number of that byte.
    /// A step without any is left out.
    pub(crate) fn each<E>(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(usize, &[u16]) -> Result<(), E>,
    ) -> Result<(), E> {
        for (i, bytes) in bytes.chunks(STEP).enumerate() {
            let found = offsets(self.isa, bytes, &mut self.offsets);
            if found > 0 {
                each(i * STEP, &self.offsets[..found])?;
            }
        }
        Ok(())
    }
}

dispatch! {
    /// Writes how far the numbers of `bytes` are from the first number of the first byte, and
    /// returns how many there are.
    fn offsets(isa: Supported, bytes: &[u8], out: &mut [u16; ROOM]) -> usize {
        avx512 => avx512::offsets(bytes, out),
        else => plain_offsets(bytes, out),
    }
}

#[inline(always)]
fn plain_offsets(bytes: &[u8], out: &mut [u16; ROOM]) -> usize {
    let mut found = 0;
    for (first, word) in (0..).step_by(240).zip(words(bytes)) {
        for value in values(word) {
            out[found] = first + u16::from(value);
            found += 1;
        }
    }
    found
}

dispatch! {
    /// How many bits of `bytes` are ones.
    pub(crate) fn count_ones(isa: Supported, bytes: &[u8]) -> u64 = count_ones_kernel(bytes);
}

#[inline(always)]
fn count_ones_kernel(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let ones: u64 = words.iter().map(|&word| u64::from(u64::from_le_bytes(word).count_ones())).sum();
    ones + rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}

/// The 64-bit words of `bytes`, the last one filled up with zeros.
pub(crate) fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks(8).map(|chunk| {
        if let Ok(whole) = chunk.try_into() {
            u64::from_le_bytes(whole)
        } else {
            chunk.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
        }
    })
}

/// The numbers that the ones of a word stand for, relative to the word's first number, in rising
/// order.
#[inline(always)]
pub(crate) fn values(word: u64) -> impl Iterator<Item = u8> {
    let mut left = word;
    std::iter::from_fn(move || {
        if left == 0 {
            return None;
        }
        let value = VALUE[left.trailing_zeros() as usize];
        left &= left - 1;
        Some(value)
    })
}

#[cfg(target_arch = "x86_64")]
mod avx512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_by_every_instruction_set() {
        for isa in Supported::all() {
            let mut reader = Reader::new(isa);
            for length in [0, 1, 7, 8, 9, STEP - 1, STEP, STEP + 1, 3 * STEP + 5] {
                for fill in [0, 0xff, 1, 0x80, 0x5a] {
                    let mut bytes: Vec<u8> = (0..length).map(|i| fill & !(i * i * 7) as u8).collect();
                    bytes.iter_mut().skip(STEP).take(STEP).for_each(|byte| *byte = 0);
                    let mut read = Vec::new();
                    let end: Result<(), ()> = reader.each(&bytes, |at, offsets| {
                        assert!(!offsets.is_empty());
                        read.extend(offsets.iter().map(|&offset| 30 * at + usize::from(offset)));
                        Ok(())
                    });
                    let is_one = |bit: &usize| bytes[bit / 8] >> (bit % 8) & 1 == 1;
                    let expected =
                        (0..8 * length).filter(is_one).map(|bit| 30 * (bit / 8) + usize::from(VALUE[bit % 8]));
                    assert_eq!((end, read), (Ok(()), expected.collect()), "{length} {fill} {isa}");
                }
            }
        }
    }

    #[test]
    fn words_and_counts_agree_at_every_length() {
        let bytes: Vec<u8> = (0..100).map(|i| (i * 37) as u8).collect();
        for length in 0..bytes.len() {
            let ones = words(&bytes[..length]).map(|word| values(word).count() as u64).sum::<u64>();
            assert_eq!(count_ones(Supported::widest(), &bytes[..length]), ones);
        }
    }

    #[test]
    fn values_of_the_first_word() {
        assert_eq!(values(0b1111_1111).collect::<Vec<_>>(), [1, 7, 11, 13, 17, 19, 23, 29]);
        assert_eq!(values(1 << 63 | 1 << 8).collect::<Vec<_>>(), [31, 239]);
        assert_eq!(values(0).count(), 0);
    }
}
