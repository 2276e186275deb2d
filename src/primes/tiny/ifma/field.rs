//! Arithmetic modulo 8 odd numbers at once, in Montgomery's form with two limbs of 52 bits.
//!
//! R = 2^104 is at least 2^40 times as large as n. So nothing needs to be brought below n on its way: a product of numbers
//! below b n is below (b^2 n / R + 1) n, which is below 2n while b < 2^20; and what is added to a product may just be added
//! to its upper limbs.
//!
//! Run time: about 22 instructions a product. Reference: P. L. Montgomery (1985), as in `scalar.rs`.

use std::arch::x86_64::*;

/// Numbers in two limbs; the lower one is below 2^52.
pub(super) type Limbs = [__m512i; 2];

/// 8 odd numbers n and what Montgomery's form needs.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) n: __m512i,
    limbs: Limbs,
    /// -1/n modulo 2^52.
    inverse: __m512i,
    /// R modulo n: the form of 1.
    pub(super) one: __m512i,
}

/// A number below 2^64 as limbs.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn split(x: __m512i) -> Limbs {
    [_mm512_and_si512(x, _mm512_set1_epi64((1 << 52) - 1)), _mm512_srli_epi64::<52>(x)]
}

/// 2 x modulo n, for x below n.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn double(x: __m512i, n: __m512i) -> __m512i {
    let rest = _mm512_sub_epi64(n, x);
    let wraps = _mm512_cmpge_epu64_mask(x, rest);
    _mm512_mask_sub_epi64(_mm512_add_epi64(x, x), wraps, x, rest)
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
pub(super) fn trailing_zeros(x: __m512i) -> __m512i {
    _mm512_popcnt_epi64(_mm512_andnot_si512(x, _mm512_sub_epi64(x, _mm512_set1_epi64(1))))
}

impl Field {
    /// The fields of `N` vectors of numbers side by side, since the doublings of one would wait for each other.
    #[target_feature(enable = "avx512f,avx512dq,avx512cd")]
    #[inline]
    pub(super) fn all<const N: usize>(numbers: [__m512i; N]) -> [Field; N] {
        let mut fields = numbers.map(|n| Field::without_one(n));
        // 2^104 modulo n, by doubling the highest power of 2 below n.
        let rounds = fields.map(|field| _mm512_add_epi64(_mm512_lzcnt_epi64(field.n), _mm512_set1_epi64(104 - 63)));
        let most = rounds.iter().map(|&rounds| _mm512_reduce_max_epu64(rounds)).max().unwrap_or(0);
        for round in 0..most as i64 {
            for (field, rounds) in fields.iter_mut().zip(rounds) {
                let go = _mm512_cmplt_epu64_mask(_mm512_set1_epi64(round), rounds);
                field.one = _mm512_mask_mov_epi64(field.one, go, double(field.one, field.n));
            }
        }
        fields
    }

    /// With the highest power of 2 below n in the place of R.
    #[target_feature(enable = "avx512f,avx512dq,avx512cd")]
    #[inline]
    fn without_one(n: __m512i) -> Field {
        let (two, zero) = (_mm512_set1_epi64(2), _mm512_setzero_si512());
        // (3 n) xor 2 is 1/n modulo 32; each round doubles the bits that are right.
        let mut x = _mm512_xor_si512(_mm512_mullo_epi64(n, _mm512_set1_epi64(3)), two);
        for _ in 0..4 {
            x = _mm512_mullo_epi64(x, _mm512_sub_epi64(two, _mm512_mullo_epi64(n, x)));
        }
        let inverse = split(_mm512_sub_epi64(zero, x))[0];
        let one = _mm512_srlv_epi64(_mm512_set1_epi64(i64::MIN), _mm512_lzcnt_epi64(n));
        Field { n, limbs: split(n), inverse, one }
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
        let [n0, n1] = self.limbs;
        let q = _mm512_madd52lo_epu64(zero, t0, self.inverse);
        let carry = _mm512_srli_epi64::<52>(_mm512_madd52lo_epu64(t0, q, n0));
        let t1 = _mm512_add_epi64(_mm512_madd52lo_epu64(_mm512_madd52hi_epu64(t1, q, n0), q, n1), carry);
        let t2 = _mm512_madd52hi_epu64(t2, q, n1);
        let q = _mm512_madd52lo_epu64(zero, t1, self.inverse);
        let carry = _mm512_srli_epi64::<52>(_mm512_madd52lo_epu64(t1, q, n0));
        let t2 = _mm512_add_epi64(_mm512_madd52lo_epu64(_mm512_madd52hi_epu64(t2, q, n0), q, n1), carry);
        let t3 = _mm512_add_epi64(_mm512_madd52hi_epu64(t3, q, n1), _mm512_srli_epi64::<52>(t2));
        [split(t2)[0], t3]
    }

    /// The same number below n, in its form.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    #[inline]
    pub(super) fn reduced(&self, x: Limbs) -> __m512i {
        let zero = _mm512_setzero_si512();
        // Times 1, so that it is below 2n; then below n.
        let [low, high] = self.times(x, split(self.one), [zero, zero]);
        let low = _mm512_or_si512(low, _mm512_slli_epi64::<52>(high));
        let high = _mm512_srli_epi64::<12>(high);
        let large = _mm512_cmpge_epu64_mask(low, self.n) | _mm512_test_epi64_mask(high, high);
        _mm512_mask_sub_epi64(low, large, low, self.n)
    }
}
