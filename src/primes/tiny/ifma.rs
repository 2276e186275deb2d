//! Strong tests of 32 numbers at once, with AVX-512's multiplication of 52-bit numbers (IFMA).
//!
//! Stands beside `scalar.rs`. A number is two limbs of 52 bits, R = 2^104; 8 numbers a vector, and 4 vectors in flight
//! to hide the latency of a multiplication. R is 2^40 times as large as n, so products are never brought below n but
//! only below 2n, and the power of a small base b is multiplied by b as it stands: below 2 n b, and after the next
//! squaring, (2 n b)^2 / R + n < 2n while b < 2^19.
//!
//! Run time: 36 ns a number and small base near 2^64, 65 ns a large one (AMD Zen 5). Memory: 2 KB of stack.
//! Reference: P. L. Montgomery (1985), as in `scalar.rs`; S. Gueron and V. Krasnov, "Accelerating big integer
//! arithmetic using Intel IFMA extensions" (2016).

use std::arch::x86_64::*;
use std::array::from_fn;

/// Vectors in flight.
const VECTORS: usize = 4;

/// Numbers tested at once.
const LANES: usize = 8 * VECTORS;

/// Largest base that may be multiplied as it stands.
const SMALL: u64 = 1 << 19;

/// A prime to fill up the last lanes.
const FILLER: u64 = (1 << 61) - 1;

type Limbs = [__m512i; 2];

/// 8 odd numbers n and what Montgomery's form needs.
#[derive(Clone, Copy)]
struct Field {
    n: __m512i,
    limbs: Limbs,
    /// -1/n modulo 2^52.
    inverse: __m512i,
    /// R modulo n: the form of 1.
    one: __m512i,
    /// Trailing zeros of n - 1.
    twos: __m512i,
}

/// Whether this CPU has all that is needed here.
pub(super) fn is_supported() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx512f") && has!("avx512dq") && has!("avx512cd") && has!("avx512ifma") && has!("avx512vpopcntdq")
}

/// Keeps the numbers that pass the strong tests to all `bases`; numbers are odd and above the bases.
pub(super) fn retain(numbers: &mut Vec<u64>, bases: &[u64]) {
    assert!(is_supported());
    let mut kept = 0;
    for at in (0..numbers.len()).step_by(LANES) {
        let lanes: [u64; LANES] = from_fn(|i| numbers.get(at + i).copied().unwrap_or(FILLER));
        // SAFETY: this CPU has the instructions.
        let mut passed = unsafe { test(&lanes, bases) };
        if numbers.len() - at < LANES {
            passed &= (1 << (numbers.len() - at)) - 1;
        }
        while passed != 0 {
            numbers[kept] = lanes[passed.trailing_zeros() as usize];
            kept += 1;
            passed &= passed - 1;
        }
    }
    numbers.truncate(kept);
}

/// One bit a number: whether it passes all bases.
#[target_feature(enable = "avx512f,avx512dq,avx512cd,avx512ifma,avx512vpopcntdq")]
fn test(lanes: &[u64; LANES], bases: &[u64]) -> u32 {
    let fields: [Field; VECTORS] = from_fn(|v| {
        // SAFETY: there are 8 numbers for each vector.
        Field::new(unsafe { _mm512_loadu_si512(lanes.as_ptr().add(8 * v).cast()) })
    });
    let most = fields.iter().map(|field| _mm512_reduce_max_epu64(field.twos)).max().unwrap_or(0) as u32;
    let mut passed = u32::MAX;
    for &base in bases {
        passed &= if base < SMALL { passes::<true>(&fields, base, most) } else { passes::<false>(&fields, base, most) };
        if passed == 0 {
            break;
        }
    }
    passed
}

/// One bit a number: whether it passes the strong test to `base`, which is `SMALL` or not. No n - 1 has more trailing
/// zeros than `most`.
#[target_feature(enable = "avx512f,avx512dq,avx512cd,avx512ifma,avx512vpopcntdq")]
#[inline]
fn passes<const SMALL: bool>(fields: &[Field; VECTORS], base: u64, most: u32) -> u32 {
    let zero = _mm512_setzero_si512();
    let b = _mm512_set1_epi64(base as i64);
    let forms: [Limbs; VECTORS] = if SMALL { [[b, zero]; VECTORS] } else { from_fn(|v| fields[v].form([b, zero])) };
    let mut powers: [Limbs; VECTORS] = from_fn(|v| split(fields[v].one));
    let mut passed = [0_u8; VECTORS];
    for bit in (0..64_u32).rev() {
        // n is odd, so n - 1 has its bits but for bit 0.
        let place = _mm512_set1_epi64(if bit > 0 { (1_u64 << bit) as i64 } else { 0 });
        for v in 0..VECTORS {
            let square = fields[v].square(powers[v]);
            let set = _mm512_test_epi64_mask(fields[v].n, place);
            let product = if SMALL {
                let low = _mm512_madd52lo_epu64(zero, square[0], b);
                [low, _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(zero, square[0], b), square[1], b)]
            } else {
                fields[v].times(square, forms[v])
            };
            powers[v] = from_fn(|i| _mm512_mask_mov_epi64(square[i], set, product[i]));
        }
        if bit <= most {
            for v in 0..VECTORS {
                passed[v] |= fields[v].is_end(powers[v], bit);
            }
        }
    }
    u32::from_le_bytes(passed)
}

/// A number below 2^64 as limbs.
#[target_feature(enable = "avx512f")]
#[inline]
fn split(x: __m512i) -> Limbs {
    [_mm512_and_si512(x, _mm512_set1_epi64((1 << 52) - 1)), _mm512_srli_epi64::<52>(x)]
}

impl Field {
    #[target_feature(enable = "avx512f,avx512dq,avx512cd,avx512ifma,avx512vpopcntdq")]
    #[inline]
    fn new(n: __m512i) -> Field {
        let (one, two, zero) = (_mm512_set1_epi64(1), _mm512_set1_epi64(2), _mm512_setzero_si512());
        // (3 n) xor 2 is 1/n modulo 32; each round doubles the bits that are right.
        let mut x = _mm512_xor_si512(_mm512_mullo_epi64(n, _mm512_set1_epi64(3)), two);
        for _ in 0..4 {
            x = _mm512_mullo_epi64(x, _mm512_sub_epi64(two, _mm512_mullo_epi64(n, x)));
        }
        let inverse = split(_mm512_sub_epi64(zero, x))[0];
        // 2^104 modulo n, by doubling the highest power of 2 below n.
        let zeros = _mm512_lzcnt_epi64(n);
        let mut power = _mm512_srlv_epi64(_mm512_set1_epi64(i64::MIN), zeros);
        let rounds = _mm512_add_epi64(zeros, _mm512_set1_epi64(104 - 63));
        for round in 0.._mm512_reduce_max_epu64(rounds) as i64 {
            let go = _mm512_cmplt_epu64_mask(_mm512_set1_epi64(round), rounds);
            power = _mm512_mask_mov_epi64(power, go, double(power, n));
        }
        let before = _mm512_sub_epi64(n, one);
        let twos = _mm512_popcnt_epi64(_mm512_andnot_si512(before, _mm512_sub_epi64(before, one)));
        Field { n, limbs: split(n), inverse, one: power, twos }
    }

    /// Montgomery's form of a number below 2^52: its product with R^2 / R.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    #[inline]
    fn form(&self, x: Limbs) -> Limbs {
        // 2^(104 + 13), squared and divided by R three times, is 2^(104 + 104).
        let start = (0..13).fold(self.one, |power, _| double(power, self.n));
        let square = (0..3).fold(split(start), |power, _| self.square(power));
        self.times(x, square)
    }

    /// a a / R modulo n, below 2n.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    fn square(&self, a: Limbs) -> Limbs {
        let zero = _mm512_setzero_si512();
        let twice = _mm512_add_epi64(a[1], a[1]);
        let t0 = _mm512_madd52lo_epu64(zero, a[0], a[0]);
        let t1 = _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(zero, a[0], a[0]), a[0], twice);
        let t2 = _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(zero, a[0], twice), a[1], a[1]);
        let t3 = _mm512_madd52hi_epu64(zero, a[1], a[1]);
        self.reduce([t0, t1, t2, t3])
    }

    /// a b / R modulo n, below 2n.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    fn times(&self, a: Limbs, b: Limbs) -> Limbs {
        let zero = _mm512_setzero_si512();
        let t0 = _mm512_madd52lo_epu64(zero, a[0], b[0]);
        let t1 = _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(zero, a[0], b[0]), a[0], b[1]);
        let t1 = _mm512_madd52lo_epu64(t1, a[1], b[0]);
        let t2 = _mm512_madd52hi_epu64(_mm512_madd52hi_epu64(zero, a[0], b[1]), a[1], b[0]);
        let t2 = _mm512_madd52lo_epu64(t2, a[1], b[1]);
        let t3 = _mm512_madd52hi_epu64(zero, a[1], b[1]);
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

    /// The numbers that pass at this power: it is b^((n - 1) / 2^bit), and must be 1 or -1 where the exponent is odd,
    /// -1 where more squarings have followed.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    #[inline]
    fn is_end(&self, power: Limbs, bit: u32) -> u8 {
        // Times 1, so that it is below 2n; then below n.
        let [low, high] = self.times(power, split(self.one));
        let low = _mm512_or_si512(low, _mm512_slli_epi64::<52>(high));
        let high = _mm512_srli_epi64::<12>(high);
        let large = _mm512_cmpge_epu64_mask(low, self.n) | _mm512_test_epi64_mask(high, high);
        let power = _mm512_mask_sub_epi64(low, large, low, self.n);
        let bit_now = _mm512_set1_epi64(i64::from(bit));
        let is_one = _mm512_cmpeq_epi64_mask(power, self.one) & _mm512_cmpeq_epi64_mask(self.twos, bit_now);
        let is_minus = _mm512_cmpeq_epi64_mask(power, _mm512_sub_epi64(self.n, self.one))
            & _mm512_cmpge_epu64_mask(self.twos, bit_now);
        if bit > 0 { is_one | is_minus } else { 0 }
    }
}

/// 2 x modulo n, for x below n.
#[target_feature(enable = "avx512f")]
#[inline]
fn double(x: __m512i, n: __m512i) -> __m512i {
    let rest = _mm512_sub_epi64(n, x);
    let wraps = _mm512_cmpge_epu64_mask(x, rest);
    _mm512_mask_sub_epi64(_mm512_add_epi64(x, x), wraps, x, rest)
}
