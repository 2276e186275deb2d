//! The queue of words of cofactors, and the loop that turns them into records.
//!
//! Stands behind `masks.rs`, which makes the words. Words have different numbers of ones, so a loop
//! over the ones of each would end at a different count every time. So 8 lanes hold a word each;
//! every turn takes the highest one of all 8, and one instruction refills empty lanes from the
//! queue (`vpexpandq`).
//!
//! Run time: 3 cycles a record, its list not included (estimated). Memory: 30 KB.

use super::places::LineTable;
use crate::lines::rough::lists::Lists;
use std::arch::x86_64::*;

/// Words that wait to become records, before they do.
const QUEUE: usize = 512;

/// Records made before they are put into lists.
const FLAT: usize = 4096;

/// Three numbers a lane: twice a prime, a word of cofactors (the highest bit first), the offset of
/// the first one's multiple.
type MaskLanes = [__m512i; 3];

/// [`MaskLanes`] in memory.
struct Columns {
    primes: Vec<u64>,
    words: Vec<u64>,
    offsets: Vec<u64>,
}

pub(super) struct Queue {
    columns: Columns,
    queued: usize,
    flat: Vec<u32>,
}

impl Queue {
    pub(super) fn new() -> Queue {
        let column = || vec![0; QUEUE + 64];
        let columns = Columns { primes: column(), words: column(), offsets: column() };
        Queue { columns, queued: 0, flat: vec![0; FLAT + 64] }
    }

    /// Whether it is time to [`drain`](Queue::drain): there may be no room for 8 more else.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.queued >= QUEUE
    }

    /// Forgets what is left.
    pub(super) fn forget(&mut self) {
        self.queued = 0;
    }

    /// Flushes the rest into `lists`.
    pub(super) fn finish(&mut self, table: &LineTable, lists: &mut Lists) {
        for i in 0..std::mem::take(&mut self.queued) {
            let mut word = self.columns.words[i];
            let mut filled = 0;
            while word != 0 {
                let zeros = u64::from(word.leading_zeros());
                word &= !(1 << 63 >> zeros);
                self.flat[filled] = table.record(self.columns.offsets[i] + zeros * self.columns.primes[i]);
                filled += 1;
            }
            lists.put(&self.flat[..filled]);
        }
    }

    /// Appends the lanes of `mask` to the queue.
    ///
    /// # Safety
    /// There must be room for 8.
    #[target_feature(enable = "avx512f,popcnt")]
    #[inline]
    pub(super) unsafe fn push(&mut self, mask: __mmask8, [twice, word, offset]: MaskLanes) {
        let at = self.queued;
        self.queued += mask.count_ones() as usize;
        debug_assert!(at + 8 <= self.columns.primes.len());
        // SAFETY: as promised.
        unsafe {
            let store = |column: &mut [u64], lanes| {
                _mm512_storeu_si512(column.as_mut_ptr().add(at).cast(), _mm512_maskz_compress_epi64(mask, lanes));
            };
            store(&mut self.columns.primes, twice);
            store(&mut self.columns.words, word);
            store(&mut self.columns.offsets, offset);
        }
    }

    /// Turns queued masks into records until few are left.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
    #[target_feature(enable = "avx512cd,avx512ifma,avx512vbmi,avx512vbmi2")]
    #[inline(never)]
    pub(super) fn drain(&mut self, table: &LineTable, lists: &mut Lists) {
        let queued = std::mem::take(&mut self.queued);
        assert!((64..=QUEUE + 8).contains(&queued));
        // Two sets of lanes, from the queue's halves: while one waits, the other works.
        let half = queued / 2;
        let mut sets = [self.take(0), self.take(half)];
        let mut ends = [(8, half), (half + 8, queued)];
        loop {
            let filled = self.records(&mut sets, &mut ends, table);
            lists.put(&self.flat[..filled]);
            if filled < FLAT {
                break;
            }
        }
        // What is left goes to the front of the queue: first what waits, then what is in the lanes,
        // so that nothing is overwritten before it has moved. There is room, since no more is left
        // than there was.
        for from in ends.into_iter().flat_map(|(at, end)| at..end) {
            let to = self.queued;
            self.columns.primes[to] = self.columns.primes[from];
            self.columns.words[to] = self.columns.words[from];
            self.columns.offsets[to] = self.columns.offsets[from];
            self.queued += 1;
        }
        for lanes in sets {
            let some = _mm512_test_epi64_mask(lanes[1], lanes[1]);
            // SAFETY: at most QUEUE + 8 are queued, and the queue has room for 64 behind QUEUE.
            unsafe { self.push(some, lanes) };
        }
    }

    /// Eight entries of the queue, from place `at` on.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn take(&self, at: usize) -> MaskLanes {
        assert!(at <= QUEUE + 8);
        [&self.columns.primes, &self.columns.words, &self.columns.offsets].map(|column| {
            assert!(column.len() >= QUEUE + 64);
            // SAFETY: the column has 56 more behind QUEUE + 8.
            unsafe { _mm512_loadu_si512(column.as_ptr().add(at).cast()) }
        })
    }

    /// Turns the masks of two sets of lanes into records, and fills up lanes that run empty from
    /// the queue: those of each set from its place on while 8 are left before its end. Stops when
    /// there are [`FLAT`] records; how many.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
    #[target_feature(enable = "avx512cd,avx512ifma,avx512vbmi,avx512vbmi2")]
    #[inline(never)]
    fn records(&mut self, sets: &mut [MaskLanes; 2], ends: &mut [(usize, usize); 2], table: &LineTable) -> usize {
        let [(mut i, half), (mut j, queued)] = *ends;
        assert!(half <= queued && queued <= QUEUE + 8 && self.flat.len() >= FLAT + 16);
        let columns = [&self.columns.primes, &self.columns.words, &self.columns.offsets];
        let [primes, words, offsets] = columns.map(|column| {
            assert!(column.len() >= QUEUE + 64);
            column.as_ptr()
        });
        let (table, top) = (table.load(), _mm512_set1_epi64(i64::MIN));
        let flat = self.flat.as_mut_ptr();
        let mut filled = 0;
        let [[mut twice, mut word, mut offset], [mut twice2, mut word2, mut offset2]] = *sets;
        macro_rules! turn {
            ($twice:ident, $word:ident, $offset:ident, $at:ident) => {
                let zeros = _mm512_lzcnt_epi64($word);
                $word = _mm512_andnot_si512(_mm512_srlv_epi64(top, zeros), $word);
                let empty = _mm512_testn_epi64_mask($word, $word);
                let place = _mm512_madd52lo_epu64($offset, zeros, $twice);
                let records = table.records(place);
                // SAFETY: `filled` is at most FLAT + 8 here, and 8 entries from `$at` <= QUEUE + 8
                // on are in the columns.
                unsafe {
                    _mm256_storeu_si256(flat.add(filled).cast(), records);
                    $twice = _mm512_mask_expand_epi64($twice, empty, _mm512_loadu_si512(primes.add($at).cast()));
                    $word = _mm512_mask_expand_epi64($word, empty, _mm512_loadu_si512(words.add($at).cast()));
                    $offset = _mm512_mask_expand_epi64($offset, empty, _mm512_loadu_si512(offsets.add($at).cast()));
                }
                filled += 8;
                $at += empty.count_ones() as usize;
            };
        }
        while i + 8 <= half && j + 8 <= queued && filled < FLAT {
            turn!(twice, word, offset, i);
            turn!(twice2, word2, offset2, j);
        }
        *sets = [[twice, word, offset], [twice2, word2, offset2]];
        *ends = [(i, half), (j, queued)];
        filled
    }
}
