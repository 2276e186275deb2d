//! Multiples of large primes as records, in AVX-512: one mask for 64 cofactors, 8 primes at once.
//!
//! Stands beside `portable.rs`. A multiple m p counts only if its cofactor m has no small factor q, for otherwise q has
//! crossed it. A wheel steps over such m, but its state is a table look-up a hit; and its size ends at factor 7. Here a
//! word of 64 bits stands for 64 odd cofactors in a row, and the multiples of q among them are a periodic pattern,
//! shifted by the first cofactor modulo q: three instructions a q and 8 primes, for q to 37 or 53. That leaves 14 to
//! 15 % of the multiples (a wheel of 210: 22.9 %). What is left becomes records, 8 lanes at a time, each taking its
//! word's highest one; lanes that run empty are filled up from a queue.
//!
//! Formulas, for a window of `span` numbers from the even A on:
//! - h = round(A / 2p) and m = 2h + 1 give the first odd cofactor, m p - A = (2h + 1) p - A, with a correction by one.
//! - h modulo q: with f = h ceil(2^52 / q) modulo 2^52 it is floor(f q / 2^52), exact while h q < 2^52.
//! - bit and line: k = floor(x / 210) likewise, and r = x - 210 k picks the line from a table.
//!
//! Run time: 1.5 cycles a prime and window, 6 to 9 a record with its list (AMD Zen 5). Memory: 80 KB.
//! Reference for the filter's idea: it is Legendre's, as in the "wheel" of any sieve; seen as masks it is our own.

use super::lists::Lists;
use std::arch::x86_64::*;

/// Odd primes to filter cofactors by. All below 64, for the shift of a pattern.
const FILTER: [u64; 15] = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53];

/// Primes whose starts are computed at once; three arrays of 8 bytes each stay in L1.
const BATCH: usize = 1024;

/// Words that wait to become records, before they do.
const QUEUE: usize = 512;

/// Records made before they are put into lists.
const FLAT: usize = 4096;

/// Whether this CPU has all that is needed here, which is a little more than `Isa::Avx512` promises.
pub(super) fn is_supported() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("popcnt")
        && has!("bmi1")
        && has!("bmi2")
        && has!("lzcnt")
        && has!("avx512f")
        && has!("avx512bw")
        && has!("avx512dq")
        && has!("avx512vl")
        && has!("avx512cd")
        && has!("avx512ifma")
        && has!("avx512vbmi")
        && has!("avx512vbmi2")
}

/// Share of all multiples that are left by the first `filters` of [`FILTER`], and 2.
pub(super) fn share(filters: usize) -> f64 {
    FILTER[..filters].iter().fold(0.5, |share, &q| share * (1.0 - 1.0 / q as f64))
}

/// A prime to filter by.
#[derive(Clone, Copy, Default)]
struct Filter {
    q: i64,
    /// Just above 2^52 / q.
    inverse: i64,
    /// 128 bits, the highest first: ones at h = (q - 1) / 2 modulo q, where 2h + 1 is a multiple of q.
    high: i64,
    low: i64,
}

/// Three numbers a lane, in arrays: a prime (or twice it), a cofactor's half (or a mask), an offset.
struct Columns {
    primes: Vec<u64>,
    words: Vec<u64>,
    offsets: Vec<u64>,
}

impl Columns {
    fn new(length: usize) -> Columns {
        Columns { primes: vec![0; length], words: vec![0; length], offsets: vec![0; length] }
    }
}

pub(super) struct Avx512 {
    filters: Vec<Filter>,
    /// Number of the line * 4, by half of the residue.
    line: [u8; 128],
    starts: Columns,
    queue: Columns,
    queued: usize,
    flat: Vec<u32>,
}

impl Avx512 {
    /// Masks with the first `filters` of [`FILTER`].
    ///
    /// # Panics
    /// When this CPU cannot do it.
    pub(super) fn new(residues: &[u32], filters: usize) -> Avx512 {
        assert!(is_supported());
        let mut line = [0; 128];
        residues.iter().enumerate().for_each(|(i, &r)| line[r as usize / 2] = 4 * i as u8);
        let filters = FILTER[..filters].iter().map(|&q| {
            let ones = (0..128).filter(|t| t % q == (q - 1) / 2).fold(0, |ones, t| ones | 1_u128 << (127 - t));
            let inverse = (1 << 52) / q + 1;
            Filter { q: q as i64, inverse: inverse as i64, high: (ones >> 64) as i64, low: ones as i64 }
        });
        Avx512 {
            filters: filters.collect(),
            line,
            starts: Columns::new(BATCH + 16),
            queue: Columns::new(QUEUE + 64),
            queued: 0,
            flat: vec![0; FLAT + 64],
        }
    }

    /// Puts the multiples of `primes` in the window of `span` numbers from `base` on into `lists`, all but a few that
    /// wait for [`finish`](Avx512::finish). Both numbers are even; all primes are above 2^22, and `base` above them;
    /// `span` is below 2^34.
    pub(super) fn cross(&mut self, primes: &[u32], base: u64, span: u64, lists: &mut Lists) {
        assert!(base.is_multiple_of(2) && span.is_multiple_of(2) && span < 1 << 34);
        for primes in primes.chunks(BATCH) {
            // SAFETY: `new` made sure that this CPU has the instructions.
            unsafe {
                let found = self.start(primes, base, span);
                self.mask(found, span, lists);
            }
        }
    }

    /// Forgets what is left.
    pub(super) fn forget(&mut self) {
        self.queued = 0;
    }

    /// Puts what is left into `lists`.
    pub(super) fn finish(&mut self, lists: &mut Lists) {
        for i in 0..std::mem::take(&mut self.queued) {
            let mut word = self.queue.words[i];
            let mut filled = 0;
            while word != 0 {
                let zeros = u64::from(word.leading_zeros());
                word &= !(1 << 63 >> zeros);
                let place = self.queue.offsets[i] + zeros * self.queue.primes[i];
                let line = u32::from(self.line[(place % 210 / 2) as usize]) << 24;
                self.flat[filled] = line | (place / 210) as u32;
                filled += 1;
            }
            lists.put(&self.flat[..filled]);
        }
    }

    /// Finds the first odd multiple of each prime at or behind `base`, and keeps those that are in the window.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
    fn start(&mut self, primes: &[u32], base: u64, span: u64) -> usize {
        assert!(primes.len() <= BATCH);
        let (out_primes, out_halves, out_offsets) =
            (self.starts.primes.as_mut_ptr(), self.starts.words.as_mut_ptr(), self.starts.offsets.as_mut_ptr());
        let half_base = _mm512_set1_pd((base / 2) as f64);
        let (base, span, one) = (_mm512_set1_epi64(base as i64), _mm512_set1_epi64(span as i64), _mm512_set1_epi64(1));
        let mut found = 0;
        for eight in primes.chunks(8) {
            let (lanes, p32) = if eight.len() == 8 {
                // SAFETY: there are 8. (A masked load would wait for every store before it.)
                (0xff, unsafe { _mm256_loadu_si256(eight.as_ptr().cast()) })
            } else {
                let mut filled = [1 << 30; 8];
                filled[..eight.len()].copy_from_slice(eight);
                // SAFETY: there are 8.
                (0xff_u8 >> (8 - eight.len()), unsafe { _mm256_loadu_si256(filled.as_ptr().cast()) })
            };
            let p = _mm512_cvtepu32_epi64(p32);
            let twice = _mm512_add_epi64(p, p);
            let mut half = _mm512_cvtpd_epi64(_mm512_div_pd(half_base, _mm512_cvtepu32_pd(p32)));
            let mut offset = _mm512_sub_epi64(_mm512_add_epi64(_mm512_mullo_epi64(half, twice), p), base);
            let before = _mm512_movepi64_mask(offset);
            let behind = _mm512_cmpge_epi64_mask(offset, twice);
            if before | behind != 0 {
                offset = _mm512_mask_add_epi64(offset, before, offset, twice);
                half = _mm512_mask_add_epi64(half, before, half, one);
                offset = _mm512_mask_sub_epi64(offset, behind, offset, twice);
                half = _mm512_mask_sub_epi64(half, behind, half, one);
            }
            let inside = _mm512_cmplt_epu64_mask(offset, span) & lanes;
            // SAFETY: the columns have room for 8 behind the last one found, of at most BATCH.
            unsafe {
                _mm512_storeu_si512(out_primes.add(found).cast(), _mm512_maskz_compress_epi64(inside, p));
                _mm512_storeu_si512(out_halves.add(found).cast(), _mm512_maskz_compress_epi64(inside, half));
                _mm512_storeu_si512(out_offsets.add(found).cast(), _mm512_maskz_compress_epi64(inside, offset));
            }
            found += inside.count_ones() as usize;
        }
        // Idle lanes for the last eight: their first multiple is behind the window.
        for i in found..found + 8 {
            (self.starts.primes[i], self.starts.words[i], self.starts.offsets[i]) = (1 << 30, 1, 1 << 40);
        }
        found
    }

    /// Makes masks of rough cofactors for the first `found` starts, and queues those that are not empty.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
    #[target_feature(enable = "avx512cd,avx512ifma,avx512vbmi,avx512vbmi2")]
    fn mask(&mut self, found: usize, span: u64, lists: &mut Lists) {
        assert!(found + 8 <= self.starts.primes.len());
        let (zero, ones, word) = (_mm512_setzero_si512(), _mm512_set1_epi64(-1), _mm512_set1_epi64(64));
        let span = _mm512_set1_pd(span as f64);
        for i in (0..found).step_by(8) {
            // SAFETY: there are 8 more behind the last one.
            let (p, mut half, mut offset) = unsafe {
                let load = |column: &[u64]| _mm512_loadu_si512(column.as_ptr().add(i).cast());
                (load(&self.starts.primes), load(&self.starts.words), load(&self.starts.offsets))
            };
            let twice = _mm512_add_epi64(p, p);
            let stride = _mm512_slli_epi64::<7>(p);
            // Multiples in the window: floor((span - offset) / 2p) + 1, as the quotient is never a whole number (odd
            // over even).
            let room = _mm512_sub_pd(span, _mm512_cvtepi64_pd(offset));
            let quotient = _mm512_div_pd(room, _mm512_cvtepi64_pd(twice));
            let floor = _mm512_cvt_roundpd_epi64::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(quotient);
            let mut left = _mm512_max_epi64(_mm512_add_epi64(floor, _mm512_set1_epi64(1)), zero);
            loop {
                let mut not = _mm512_srlv_epi64(ones, left);
                for filter in &self.filters {
                    let fraction = _mm512_madd52lo_epu64(zero, half, _mm512_set1_epi64(filter.inverse));
                    let modulo = _mm512_madd52hi_epu64(zero, fraction, _mm512_set1_epi64(filter.q));
                    let (high, low) = (_mm512_set1_epi64(filter.high), _mm512_set1_epi64(filter.low));
                    not = _mm512_or_si512(not, _mm512_shldv_epi64(high, low, modulo));
                }
                let rough = _mm512_andnot_si512(not, ones);
                let some = _mm512_test_epi64_mask(rough, rough);
                // SAFETY: the queue has room for 64 behind QUEUE.
                unsafe { self.push(some, [twice, rough, offset]) };
                if self.queued >= QUEUE {
                    self.drain(lists);
                }
                left = _mm512_sub_epi64(_mm512_max_epi64(left, word), word);
                if _mm512_test_epi64_mask(left, left) == 0 {
                    break;
                }
                half = _mm512_add_epi64(half, word);
                offset = _mm512_add_epi64(offset, stride);
            }
        }
    }

    /// Appends the lanes of `mask` to the queue.
    ///
    /// # Safety
    /// There must be room for 8.
    #[target_feature(enable = "avx512f,popcnt")]
    #[inline]
    unsafe fn push(&mut self, mask: __mmask8, [twice, word, offset]: [__m512i; 3]) {
        let at = self.queued;
        self.queued += mask.count_ones() as usize;
        debug_assert!(at + 8 <= self.queue.primes.len());
        // SAFETY: as promised.
        unsafe {
            let store = |column: &mut [u64], lanes| {
                _mm512_storeu_si512(column.as_mut_ptr().add(at).cast(), _mm512_maskz_compress_epi64(mask, lanes));
            };
            store(&mut self.queue.primes, twice);
            store(&mut self.queue.words, word);
            store(&mut self.queue.offsets, offset);
        }
    }

    /// Turns queued masks into records until few are left.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
    #[target_feature(enable = "avx512cd,avx512ifma,avx512vbmi,avx512vbmi2")]
    #[inline(never)]
    fn drain(&mut self, lists: &mut Lists) {
        let queued = std::mem::take(&mut self.queued);
        assert!((64..=QUEUE + 8).contains(&queued));
        // Two sets of lanes, from the queue's halves: while one waits, the other works.
        let half = queued / 2;
        let mut sets = [self.take(0), self.take(half)];
        let mut ends = [(8, half), (half + 8, queued)];
        loop {
            let filled = self.records(&mut sets, &mut ends);
            lists.put(&self.flat[..filled]);
            if filled < FLAT {
                break;
            }
        }
        // What is left goes to the front of the queue: first what waits, then what is in the lanes, so that nothing is
        // overwritten before it has moved. There is room, since no more is left than there was.
        for from in ends.into_iter().flat_map(|(at, end)| at..end) {
            let to = self.queued;
            self.queue.primes[to] = self.queue.primes[from];
            self.queue.words[to] = self.queue.words[from];
            self.queue.offsets[to] = self.queue.offsets[from];
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
    fn take(&self, at: usize) -> [__m512i; 3] {
        assert!(at <= QUEUE + 8);
        [&self.queue.primes, &self.queue.words, &self.queue.offsets].map(|column| {
            assert!(column.len() >= QUEUE + 64);
            // SAFETY: the column has 56 more behind QUEUE + 8.
            unsafe { _mm512_loadu_si512(column.as_ptr().add(at).cast()) }
        })
    }

    /// Turns the masks of two sets of lanes into records, and fills up lanes that run empty from the queue: those of
    /// each set from its place on while 8 are left before its end. Stops when there are [`FLAT`] records; how many.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
    #[target_feature(enable = "avx512cd,avx512ifma,avx512vbmi,avx512vbmi2")]
    #[inline(never)]
    fn records(&mut self, sets: &mut [[__m512i; 3]; 2], ends: &mut [(usize, usize); 2]) -> usize {
        let [(mut i, half), (mut j, queued)] = *ends;
        assert!(half <= queued && queued <= QUEUE + 8 && self.flat.len() >= FLAT + 16);
        let columns = [&self.queue.primes, &self.queue.words, &self.queue.offsets];
        let [primes, words, offsets] = columns.map(|column| {
            assert!(column.len() >= QUEUE + 64);
            column.as_ptr()
        });
        // SAFETY: the table has 128 bytes.
        let (table_low, table_high) = unsafe {
            let table = self.line.as_ptr();
            (_mm512_loadu_si512(table.cast()), _mm512_loadu_si512(table.add(64).cast()))
        };
        let (zero, top) = (_mm512_setzero_si512(), _mm512_set1_epi64(i64::MIN));
        let inverse = _mm512_set1_epi64((1 << 52) / 210 + 1);
        let minus = _mm512_set1_epi64((1 << 52) - 210);
        let flat = self.flat.as_mut_ptr();
        let mut filled = 0;
        let [[mut twice, mut word, mut offset], [mut twice2, mut word2, mut offset2]] = *sets;
        macro_rules! turn {
            ($twice:ident, $word:ident, $offset:ident, $at:ident) => {
                let zeros = _mm512_lzcnt_epi64($word);
                $word = _mm512_andnot_si512(_mm512_srlv_epi64(top, zeros), $word);
                let empty = _mm512_testn_epi64_mask($word, $word);
                let place = _mm512_madd52lo_epu64($offset, zeros, $twice);
                let bit = _mm512_madd52hi_epu64(zero, place, inverse);
                let residue = _mm512_madd52lo_epu64(place, bit, minus);
                // Half the residue is in byte 3; so the line comes out there, where a record has it.
                let index = _mm512_slli_epi64::<23>(residue);
                let line = _mm512_maskz_permutex2var_epi8(0x0808_0808_0808_0808, table_low, index, table_high);
                let record = _mm512_cvtepi64_epi32(_mm512_or_si512(bit, line));
                // SAFETY: `filled` is at most FLAT + 8 here, and 8 entries from `$at` <= QUEUE + 8 on are in the
                // columns.
                unsafe {
                    _mm256_storeu_si256(flat.add(filled).cast(), record);
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
