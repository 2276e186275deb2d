//! Records of crossings, partitioned: which bit of which line, in lists by line and part of the
//! line.
//!
//! A record is a u32, line << 26 | bit, of which the low 3 bytes are kept: the upper bits are the
//! number of the list. All lists have the same room in one array, sized by a formula with a margin;
//! if one is full nevertheless, the room of all doubles.
//!
//! Run time: 6 to 9 cycles a record to write, 2.7 to apply (AMD Zen 5). Memory: 3 bytes a record.

use super::PIECE_BYTES;
use montesieve_kernel::dispatch;
use montesieve_kernel::isa::Supported;

/// Bits of a record for the bit of the line; the rest are for the line.
pub(super) const PLACE_BITS: u32 = 26;

/// Bytes of a record in its list. Records are written 4 bytes long; the next one covers the fourth.
const RECORD: usize = 3;

/// Bytes behind the last record that a list must have.
const SLACK: usize = 16;

/// Bytes of a list prefetched before they are written: two lines of a cache, 43 records. Four
/// lines are no better (AMD Zen 5).
const AHEAD: usize = 128;

/// The line of each residue modulo 210, in the bits that it has in a record.
pub(super) struct LineOfResidue([u32; 210]);

impl LineOfResidue {
    /// Lines in the order of their `residues`.
    pub(super) fn new(residues: &[u32]) -> LineOfResidue {
        let mut lines = [0; 210];
        residues.iter().enumerate().for_each(|(i, &r)| lines[r as usize] = (i as u32) << PLACE_BITS);
        LineOfResidue(lines)
    }

    /// The record of a bit in the line of a residue.
    #[inline(always)]
    pub(super) fn record(&self, residue: usize, bit: u32) -> u32 {
        self.0[residue] | bit
    }

    /// The record of the number that has this place behind the window's beginning.
    #[inline(always)]
    pub(super) fn record_of(&self, place: u64) -> u32 {
        self.record((place % 210) as usize, (place / 210) as u32)
    }
}

/// The lists of a window.
pub(super) struct Lists {
    isa: Supported,
    /// A record's bits from here on are its list.
    shift: u32,
    lines: usize,
    /// Parts of a line that records can be in; there are lists for them only.
    parts: usize,
    /// Bytes of a list.
    room: usize,
    bytes: Vec<u8>,
    /// By line and part (in a record's upper bits, so with places for parts that no record can be
    /// in): the byte behind the last record.
    heads: Vec<u32>,
    /// So many records fit, whatever their lists are.
    credit: usize,
}

impl Lists {
    /// No lists yet. Each is to hold the records of 2^`part` bits of a line.
    pub(super) fn new(part: u32, isa: Supported) -> Lists {
        let heads = vec![0; 1 << (32 - part)];
        Lists { isa, shift: part, lines: 0, parts: 0, room: 0, bytes: Vec::new(), heads, credit: 0 }
    }

    /// Empties the lists, for `lines` lines of `bits` bits, with room for `records` records in a
    /// whole part.
    pub(super) fn begin(&mut self, lines: usize, bits: u64, records: usize) {
        assert!(bits <= 1 << PLACE_BITS && lines <= 1 << (32 - PLACE_BITS));
        self.lines = lines;
        self.parts = bits.div_ceil(1 << self.shift) as usize;
        self.room = RECORD * records + SLACK;
        self.clear();
    }

    fn clear(&mut self) {
        let size = self.lines * self.parts * self.room;
        // Heads are u32; 512 MiB a rank is the rule.
        assert!(u32::try_from(size).is_ok(), "lists of {size} bytes");
        if self.bytes.len() < size {
            // Nothing in it is worth keeping: the old array goes before the new one comes.
            self.bytes = Vec::new();
            self.bytes = vec![0; size];
        }
        for line in 0..self.lines {
            for part in 0..self.parts {
                let list = self.list(line, part);
                self.heads[list] = self.start(line, part) as u32;
            }
        }
        self.credit = self.room / RECORD - SLACK / RECORD - 1;
    }

    /// Parts of a line.
    pub(super) fn parts(&self) -> usize {
        self.parts
    }

    fn list(&self, line: usize, part: usize) -> usize {
        line << (PLACE_BITS - self.shift) | part
    }

    fn start(&self, line: usize, part: usize) -> usize {
        (line * self.parts + part) * self.room
    }

    /// Adds `records`: lines and bits as [`begin`](Lists::begin) was told.
    pub(super) fn put(&mut self, records: &[u32]) {
        self.reserve(records.len());
        put(self.isa, self, records);
    }

    /// Makes sure that `records` more fit, whatever their lists are.
    fn reserve(&mut self, records: usize) {
        if self.credit < records {
            self.credit = self.least();
            while self.credit < records {
                self.grow();
                self.credit = self.least();
            }
        }
        self.credit -= records;
    }

    /// How many records fit into the fullest list.
    fn least(&self) -> usize {
        let free = |(line, part): (usize, usize)| {
            let end = self.start(line, part) + self.room - SLACK;
            end.saturating_sub(self.heads[self.list(line, part)] as usize) / RECORD
        };
        let all = (0..self.lines).flat_map(|line| (0..self.parts).map(move |part| (line, part)));
        all.map(free).min().unwrap_or(0)
    }

    /// Twice the room for all lists.
    #[cold]
    fn grow(&mut self) {
        let old = std::mem::replace(self, Lists::new(self.shift, self.isa));
        (self.lines, self.parts, self.room) = (old.lines, old.parts, 2 * old.room + SLACK + RECORD * 4096);
        self.clear();
        for line in 0..old.lines {
            for part in 0..old.parts {
                let (list, from, to) = (old.list(line, part), old.start(line, part), self.start(line, part));
                let length = old.heads[list] as usize - from;
                self.bytes[to..to + length].copy_from_slice(&old.bytes[from..from + length]);
                self.heads[list] += length as u32;
            }
        }
    }

    /// Crosses the records of `part` of line number `line` off the piece of that line in `bits`.
    pub(super) fn apply(&self, line: usize, part: usize, bits: &mut [u8]) {
        let (start, end) = (self.start(line, part), self.heads[self.list(line, part)] as usize);
        let records = &self.bytes[start..end + SLACK];
        match bits.first_chunk_mut::<{ PIECE_BYTES }>() {
            // Of this length, so that no record need be checked.
            Some(bits) => cross(records, bits),
            None => cross(records, bits),
        }
    }
}

dispatch! {
    /// Adds records that have room.
    fn put(isa: Supported, lists: &mut Lists, records: &[u32]) = put_kernel(lists, records);
}

#[inline(always)]
fn put_kernel(lists: &mut Lists, records: &[u32]) {
    let (shift, heads, bytes) = (lists.shift, &mut lists.heads[..], lists.bytes.as_mut_ptr());
    assert_eq!(heads.len(), 1 << (32 - shift));
    for &record in records {
        // SAFETY: there are 2^(32 - shift) heads. The head is inside a list, since a line and a bit
        // as promised have one, and by the credit there is room for 4 bytes in each.
        unsafe {
            let head = heads.get_unchecked_mut((record >> shift) as usize);
            let at = *head as usize;
            *head += RECORD as u32;
            will_write(bytes.wrapping_add(at + AHEAD));
            bytes.add(at).cast::<u32>().write_unaligned(record.to_le());
        }
    }
}

/// Tells the processor that this place will be written, wherever it points. By itself it follows
/// fewer streams than there are lists, and so waits for memory at every line of a cache: 4 to 8 %
/// of all at 1.8e19 + 1e10 (AMD Zen 5).
#[inline(always)]
fn will_write(place: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_ET0, _mm_prefetch};
        // SAFETY: a hint, which never faults.
        unsafe { _mm_prefetch::<_MM_HINT_ET0>(place.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// Crosses `records`, with [`SLACK`] behind them, off `bits`.
#[inline(always)]
fn cross(records: &[u8], bits: &mut [u8]) {
    let behind = records.len() - SLACK;
    for at in (0..behind).step_by(RECORD) {
        // SAFETY: 4 bytes from `at` on are in `records`, as there is slack behind.
        let record = unsafe { records.as_ptr().add(at).cast::<u32>().read_unaligned() };
        let bit = u32::from_le(record) as usize % (8 * PIECE_BYTES);
        bits[bit / 8] &= !(1 << (bit % 8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_their_records_when_they_grow() {
        let mut lists = Lists::new(20, Supported::widest());
        lists.begin(48, 3 << 20, 100);
        let record = |i: u32| (i % 48) << PLACE_BITS | (i * 7919 % (3 << 20));
        let records: Vec<u32> = (0..200_000).map(record).collect();
        records.chunks(777).for_each(|chunk| lists.put(chunk));
        for line in 0..48 {
            let (mut bits, mut expected) = (vec![0xff; 1 << 19], vec![0xff; 1 << 19]);
            (0..3).for_each(|part| lists.apply(line, part, &mut bits));
            for record in records.iter().filter(|&&record| record >> PLACE_BITS == line as u32) {
                let bit = record & ((1 << PLACE_BITS) - 1);
                expected[bit as usize / 8] &= !(1 << (bit % 8));
            }
            assert!(bits == expected, "line {line}");
        }
    }
}
