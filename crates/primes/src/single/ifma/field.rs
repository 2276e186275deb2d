//! Arithmetic modulo 8 odd numbers at once, in Montgomery's form with two limbs of 52 bits.
//!
//! R = 2^104 is at least 2^17 times as large as n (2^40 times below 2^64). So no intermediate
//! result needs a final reduction: a product of numbers below b n is below (b^2 n / R + 1) n, and
//! what is added to a product may just be added to its upper limbs. All must stay below 2^104: a
//! factor of 2^16 for the largest n.
//!
//! Run time: about 22 instructions a product. Reference: P. L. Montgomery (1985), as in
//! `narrow.rs`.

use std::arch::x86_64::*;
use std::array::from_fn;

use super::{LANES, VECTORS};

/// Numbers in two limbs; the lower one is below 2^52.
pub(super) type Limbs = [__m512i; 2];

/// The numbers of all lanes, limb by limb.
pub(super) type LimbLanes = [[u64; LANES]; 2];

/// 8 odd numbers n and what Montgomery's form needs.
#[derive(Clone, Copy)]
pub(super) struct Montgomery104 {
    pub(super) n: Limbs,
    /// -1/n modulo 2^52.
    inverse: __m512i,
    /// R modulo n: the form of 1.
    pub(super) one: Limbs,
}

/// The numbers of all lanes in vectors.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn load(lanes: &LimbLanes) -> [Limbs; VECTORS] {
    from_fn(|v| {
        lanes.each_ref().map(|limb| {
            // SAFETY: there are 8 words for each vector.
            unsafe { _mm512_loadu_si512(limb.as_ptr().add(8 * v).cast()) }
        })
    })
}

/// A limb that may be 2^52 or more: the rest of it goes to the other one.
#[target_feature(enable = "avx512f")]
#[inline]
fn carried([low, high]: Limbs) -> Limbs {
    let mask = _mm512_set1_epi64((1 << 52) - 1);
    // Of a negative limb, the sign goes.
    [_mm512_and_si512(low, mask), _mm512_add_epi64(high, _mm512_srai_epi64::<52>(low))]
}

/// a - b, which is not negative.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn subtract(a: Limbs, b: Limbs) -> Limbs {
    carried(from_fn(|i| _mm512_sub_epi64(a[i], b[i])))
}

/// Where a is at least b.
#[target_feature(enable = "avx512f")]
#[inline]
fn is_at_least(a: Limbs, b: Limbs) -> __mmask8 {
    let low = _mm512_cmpge_epu64_mask(a[0], b[0]) & _mm512_cmpeq_epi64_mask(a[1], b[1]);
    low | _mm512_cmpgt_epu64_mask(a[1], b[1])
}

/// Where a is b.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn is_equal(a: Limbs, b: Limbs) -> __mmask8 {
    _mm512_cmpeq_epi64_mask(a[0], b[0]) & _mm512_cmpeq_epi64_mask(a[1], b[1])
}

/// `no` or, in the lanes of `mask`, `yes`.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn pick(mask: __mmask8, no: Limbs, yes: Limbs) -> Limbs {
    from_fn(|i| _mm512_mask_mov_epi64(no[i], mask, yes[i]))
}

/// 2 x modulo n, for x below n.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn double(x: Limbs, n: Limbs) -> Limbs {
    reduced_once(carried(x.map(|limb| _mm512_add_epi64(limb, limb))), n)
}

/// x modulo n, for x below 2n.
#[target_feature(enable = "avx512f")]
#[inline]
fn reduced_once(x: Limbs, n: Limbs) -> Limbs {
    pick(is_at_least(x, n), x, subtract(x, n))
}

/// Numbers in limbs times numbers below 2^20, not reduced.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
pub(super) fn times_small(x: Limbs, small: __m512i) -> Limbs {
    let zero = _mm512_setzero_si512();
    let high = _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(zero, x[0], small), x[1], small);
    [_mm512_madd52lo_epu64(zero, x[0], small), high]
}

/// The trailing zeros of each number that is not 0.
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
#[inline]
pub(super) fn trailing_zeros(x: Limbs) -> __m512i {
    let one = _mm512_set1_epi64(1);
    let [low, high] = x.map(|limb| _mm512_popcnt_epi64(_mm512_andnot_si512(limb, _mm512_sub_epi64(limb, one))));
    let is_zero = _mm512_testn_epi64_mask(x[0], x[0]);
    _mm512_mask_mov_epi64(low, is_zero, _mm512_add_epi64(high, _mm512_set1_epi64(52)))
}

/// The bits of each number that is not 0, without its leading zeros.
#[target_feature(enable = "avx512f,avx512cd")]
#[inline]
fn bits(x: Limbs) -> __m512i {
    let [low, high] = x.map(|limb| _mm512_sub_epi64(_mm512_set1_epi64(64), _mm512_lzcnt_epi64(limb)));
    let has_high = _mm512_test_epi64_mask(x[1], x[1]);
    _mm512_mask_mov_epi64(low, has_high, _mm512_add_epi64(high, _mm512_set1_epi64(52)))
}

/// The bits of the longest of all numbers.
#[target_feature(enable = "avx512f,avx512cd")]
#[inline]
pub(super) fn most_bits(numbers: &[Limbs; VECTORS]) -> u32 {
    numbers.iter().map(|&n| _mm512_reduce_max_epu64(bits(n))).max().unwrap_or(0) as u32
}

impl Montgomery104 {
    /// The fields of all vectors side by side, since the doublings of one would wait for each
    /// other.
    #[target_feature(enable = "avx512f,avx512dq,avx512cd")]
    #[inline]
    pub(super) fn all(numbers: [Limbs; VECTORS]) -> [Montgomery104; VECTORS] {
        let mut fields = numbers.map(|n| Montgomery104::without_one(n));
        // 2^104 modulo n, by doubling the highest power of 2 below n.
        let rounds = numbers.map(|n| _mm512_sub_epi64(_mm512_set1_epi64(105), bits(n)));
        let most = rounds.iter().map(|&rounds| _mm512_reduce_max_epu64(rounds)).max().unwrap_or(0);
        for round in 0..most as i64 {
            for (field, rounds) in fields.iter_mut().zip(rounds) {
                let go = _mm512_cmplt_epu64_mask(_mm512_set1_epi64(round), rounds);
                field.one = pick(go, field.one, double(field.one, field.n));
            }
        }
        fields
    }

    /// With the highest power of 2 below n in the place of R.
    #[target_feature(enable = "avx512f,avx512dq,avx512cd")]
    #[inline]
    fn without_one(n: Limbs) -> Montgomery104 {
        let (two, zero) = (_mm512_set1_epi64(2), _mm512_setzero_si512());
        // Modulo 2^52 the lower limb is enough. (3 n) xor 2 is 1/n modulo 32; each round doubles
        // the bits that are right.
        let mut x = _mm512_xor_si512(_mm512_mullo_epi64(n[0], _mm512_set1_epi64(3)), two);
        for _ in 0..4 {
            x = _mm512_mullo_epi64(x, _mm512_sub_epi64(two, _mm512_mullo_epi64(n[0], x)));
        }
        let inverse = _mm512_and_si512(_mm512_sub_epi64(zero, x), _mm512_set1_epi64((1 << 52) - 1));
        let top = _mm512_sub_epi64(bits(n), _mm512_set1_epi64(1));
        let power = |shift| _mm512_sllv_epi64(_mm512_set1_epi64(1), shift);
        // A shift by 64 or more, as a negative one is, gives 0.
        let in_low = _mm512_cmplt_epu64_mask(top, _mm512_set1_epi64(52));
        let low = _mm512_maskz_mov_epi64(in_low, power(top));
        let high = power(_mm512_sub_epi64(top, _mm512_set1_epi64(52)));
        Montgomery104 { n, inverse, one: [low, high] }
    }

    /// a a / R + `plus` modulo n, not reduced but below n + `plus`, and a little for a a.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    pub(super) fn square(&self, a: Limbs, plus: Limbs) -> Limbs {
        let zero = _mm512_setzero_si512();
        let twice = _mm512_add_epi64(a[1], a[1]);
        let t0 = _mm512_madd52lo_epu64(zero, a[0], a[0]);
        let t1 = _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(zero, a[0], a[0]), a[0], twice);
        let t2 = _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(plus[0], a[0], twice), a[1], a[1]);
        let t3 = _mm512_madd52hi_epu64(plus[1], a[1], a[1]);
        self.reduce([t0, t1, t2, t3])
    }

    /// a b / R + `plus` modulo n, as above.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    pub(super) fn times(&self, a: Limbs, b: Limbs, plus: Limbs) -> Limbs {
        let zero = _mm512_setzero_si512();
        let t0 = _mm512_madd52lo_epu64(zero, a[0], b[0]);
        let t1 = _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(zero, a[0], b[0]), a[0], b[1]);
        let t1 = _mm512_madd52lo_epu64(t1, a[1], b[0]);
        let t2 = _mm512_madd52hi_epu64(_mm512_madd52hi_epu64(plus[0], a[0], b[1]), a[1], b[0]);
        let t2 = _mm512_madd52lo_epu64(t2, a[1], b[1]);
        let t3 = _mm512_madd52hi_epu64(plus[1], a[1], b[1]);
        self.reduce([t0, t1, t2, t3])
    }

    /// Four limbs, divided by R modulo n: twice, a multiple of n makes the lowest limb zero.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    fn reduce(&self, [t0, t1, t2, t3]: [__m512i; 4]) -> Limbs {
        let zero = _mm512_setzero_si512();
        let [n0, n1] = self.n;
        let q = _mm512_madd52lo_epu64(zero, t0, self.inverse);
        let carry = _mm512_srli_epi64::<52>(_mm512_madd52lo_epu64(t0, q, n0));
        let t1 = _mm512_add_epi64(_mm512_madd52lo_epu64(_mm512_madd52hi_epu64(t1, q, n0), q, n1), carry);
        let t2 = _mm512_madd52hi_epu64(t2, q, n1);
        let q = _mm512_madd52lo_epu64(zero, t1, self.inverse);
        let carry = _mm512_srli_epi64::<52>(_mm512_madd52lo_epu64(t1, q, n0));
        let t2 = _mm512_add_epi64(_mm512_madd52lo_epu64(_mm512_madd52hi_epu64(t2, q, n0), q, n1), carry);
        let t3 = _mm512_add_epi64(_mm512_madd52hi_epu64(t3, q, n1), _mm512_srli_epi64::<52>(t2));
        [_mm512_and_si512(t2, _mm512_set1_epi64((1 << 52) - 1)), t3]
    }

    /// The same number below n, in its form.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    pub(super) fn reduced(&self, x: Limbs) -> Limbs {
        let zero = _mm512_setzero_si512();
        // Times 1, so that it is below 2n; then below n.
        reduced_once(self.times(x, self.one, [zero, zero]), self.n)
    }
}
