//! Eight numbers in registers: one of AVX-512, two of AVX2 with FMA, or whatever the compiler takes
//! for plain numbers (four registers of NEON).
//!
//! Stands beside `field.rs`, which is written once for all. The first two use intrinsics, since the
//! compiler alone vectorises along the wrong axis and gathers numbers one by one.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Eight numbers in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Eight(pub(super) [f64; 8]);

impl Eight {
    pub(super) const ZERO: Eight = Eight([0.0; 8]);
}

impl Eight {
    #[inline(always)]
    fn each(self, f: impl Fn(usize, f64) -> f64) -> Eight {
        Eight(std::array::from_fn(|i| f(i, self.0[i])))
    }
}

impl Vector for Eight {
    #[inline(always)]
    fn load(eight: &Eight) -> Self {
        *eight
    }
    #[inline(always)]
    fn store(self, eight: &mut Eight) {
        *eight = self;
    }
    #[inline(always)]
    fn of(x: f64) -> Self {
        Eight([x; 8])
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.each(|i, x| x + other.0[i])
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.each(|i, x| x - other.0[i])
    }
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self.each(|i, x| x * other.0[i])
    }
    #[inline(always)]
    fn times_minus(self, other: Self, minus: Self) -> Self {
        self.each(|i, x| x.mul_add(other.0[i], -minus.0[i]))
    }
    #[inline(always)]
    fn times_from(self, other: Self, from: Self) -> Self {
        self.each(|i, x| (-x).mul_add(other.0[i], from.0[i]))
    }
    #[inline(always)]
    fn nearest(self) -> Self {
        self.each(|_, x| x.round_ties_even())
    }
    #[inline(always)]
    fn if_negative(self, other: Self) -> Self {
        self.each(|i, x| if x < 0.0 { other.0[i] } else { 0.0 })
    }
}

/// The operations; all of them as IEEE 754 has them. To be called only where the CPU has the
/// instructions: `kernels.rs` sees to it.
pub(super) trait Vector: Copy {
    fn load(eight: &Eight) -> Self;
    fn store(self, eight: &mut Eight);
    fn of(x: f64) -> Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// self other - minus, rounded once.
    fn times_minus(self, other: Self, minus: Self) -> Self;
    /// from - self other, rounded once.
    fn times_from(self, other: Self, from: Self) -> Self;
    /// The nearest integers.
    fn nearest(self) -> Self;
    /// `other` where self is negative, 0 elsewhere.
    fn if_negative(self, other: Self) -> Self;
}

macro_rules! vector {
    ($name:ident, |$a:ident, $b:ident, $c:ident| load $load:expr; store $store:expr; of $of:expr; plus $plus:expr; minus $minus:expr;
     times $times:expr; times_minus $times_minus:expr; times_from $times_from:expr; nearest $nearest:expr; if_negative $negative:expr;) => {
        #[cfg(target_arch = "x86_64")]
        impl Vector for $name {
            #[inline(always)]
            fn load(eight: &Eight) -> Self {
                let $a = eight.0.as_ptr();
                // SAFETY: `kernels.rs` calls this only on such a CPU; here and below. The pointer
                // is to eight numbers, aligned to 64 bytes.
                unsafe { $load }
            }
            #[inline(always)]
            fn store(self, eight: &mut Eight) {
                let ($a, $b) = (self, eight.0.as_mut_ptr());
                // SAFETY: as above.
                unsafe { $store }
            }
            #[inline(always)]
            fn of(x: f64) -> Self {
                let $a = x;
                // SAFETY: as above.
                unsafe { $of }
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                let ($a, $b) = (self, other);
                // SAFETY: as above.
                unsafe { $plus }
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                let ($a, $b) = (self, other);
                // SAFETY: as above.
                unsafe { $minus }
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                let ($a, $b) = (self, other);
                // SAFETY: as above.
                unsafe { $times }
            }
            #[inline(always)]
            fn times_minus(self, other: Self, minus: Self) -> Self {
                let ($a, $b, $c) = (self, other, minus);
                // SAFETY: as above.
                unsafe { $times_minus }
            }
            #[inline(always)]
            fn times_from(self, other: Self, from: Self) -> Self {
                let ($a, $b, $c) = (self, other, from);
                // SAFETY: as above.
                unsafe { $times_from }
            }
            #[inline(always)]
            fn nearest(self) -> Self {
                let $a = self;
                // SAFETY: as above.
                unsafe { $nearest }
            }
            #[inline(always)]
            fn if_negative(self, other: Self) -> Self {
                let ($a, $b) = (self, other);
                // SAFETY: as above.
                unsafe { $negative }
            }
        }
    };
}

/// AVX-512.
#[derive(Clone, Copy)]
#[cfg(target_arch = "x86_64")]
pub(super) struct One(__m512d);

vector! { One, |a, b, c|
    load One(_mm512_load_pd(a));
    store _mm512_store_pd(b, a.0);
    of One(_mm512_set1_pd(a));
    plus One(_mm512_add_pd(a.0, b.0));
    minus One(_mm512_sub_pd(a.0, b.0));
    times One(_mm512_mul_pd(a.0, b.0));
    times_minus One(_mm512_fmsub_pd(a.0, b.0, c.0));
    times_from One(_mm512_fnmadd_pd(a.0, b.0, c.0));
    nearest One(_mm512_roundscale_pd::<{ _MM_FROUND_TO_NEAREST_INT }>(a.0));
    if_negative One(_mm512_maskz_mov_pd(_mm512_cmp_pd_mask::<_CMP_LT_OQ>(a.0, _mm512_setzero_pd()), b.0));
}

/// AVX2 and FMA.
#[derive(Clone, Copy)]
#[cfg(target_arch = "x86_64")]
pub(super) struct Two(__m256d, __m256d);

#[cfg(target_arch = "x86_64")]
const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

vector! { Two, |a, b, c|
    load Two(_mm256_load_pd(a), _mm256_load_pd(a.add(4)));
    store { _mm256_store_pd(b, a.0); _mm256_store_pd(b.add(4), a.1) };
    of Two(_mm256_set1_pd(a), _mm256_set1_pd(a));
    plus Two(_mm256_add_pd(a.0, b.0), _mm256_add_pd(a.1, b.1));
    minus Two(_mm256_sub_pd(a.0, b.0), _mm256_sub_pd(a.1, b.1));
    times Two(_mm256_mul_pd(a.0, b.0), _mm256_mul_pd(a.1, b.1));
    times_minus Two(_mm256_fmsub_pd(a.0, b.0, c.0), _mm256_fmsub_pd(a.1, b.1, c.1));
    times_from Two(_mm256_fnmadd_pd(a.0, b.0, c.0), _mm256_fnmadd_pd(a.1, b.1, c.1));
    nearest Two(_mm256_round_pd::<NEAREST>(a.0), _mm256_round_pd::<NEAREST>(a.1));
    if_negative Two(
        _mm256_and_pd(_mm256_cmp_pd::<_CMP_LT_OQ>(a.0, _mm256_setzero_pd()), b.0),
        _mm256_and_pd(_mm256_cmp_pd::<_CMP_LT_OQ>(a.1, _mm256_setzero_pd()), b.1)
    );
}
