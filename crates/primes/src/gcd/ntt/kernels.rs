//! The kernels of a convolution, each on vectors of AVX2 or AVX-512, or on plain numbers where the
//! compiler may fuse and vectorise them.

use std::ops::ControlFlow;

use super::cross::Cross;
use super::limbs::Digits;
use super::transform::{self, Roots};
use super::vector::{Eight, Vector};
#[cfg(target_arch = "x86_64")]
use super::vector::{One, Two};
use crate::YieldNow;
use montesieve_kernel::dispatch;

dispatch! {
    pub(super) fn spread[const O: usize][O](isa: Supported, cross: &Cross<O>, groups: &mut [Eight], words: &[u64], yield_now: &mut YieldNow<'_>) -> ControlFlow<()> {
        portable => cross.spread::<Eight>(groups, words, yield_now),
        avx2 => cross.spread::<Two>(groups, words, yield_now),
        avx512 => cross.spread::<One>(groups, words, yield_now),
    }
}

dispatch! {
    pub(super) fn gather[const O: usize][O](isa: Supported, cross: &Cross<O>, groups: &[Eight], coefficients: &mut [Eight], yield_now: &mut YieldNow<'_>) -> ControlFlow<()> {
        portable => cross.gather::<Eight>(groups, coefficients, yield_now),
        avx2 => cross.gather::<Two>(groups, coefficients, yield_now),
        avx512 => cross.gather::<One>(groups, coefficients, yield_now),
    }
}

dispatch! {
    pub(super) fn forward(isa: Supported, x: &mut [Eight], roots: &Roots, yield_now: &mut YieldNow<'_>) -> ControlFlow<()> {
        portable => transform::forward::<Eight>(x, roots, yield_now),
        avx2 => transform::forward::<Two>(x, roots, yield_now),
        avx512 => transform::forward::<One>(x, roots, yield_now),
    }
}

dispatch! {
    pub(super) fn backward(isa: Supported, x: &mut [Eight], roots: &Roots, yield_now: &mut YieldNow<'_>) -> ControlFlow<()> {
        portable => transform::backward::<Eight>(x, roots, yield_now),
        avx2 => transform::backward::<Two>(x, roots, yield_now),
        avx512 => transform::backward::<One>(x, roots, yield_now),
    }
}

dispatch! {
    pub(super) fn add_products(isa: Supported, total: &mut [Eight], a: &[Eight], b: &[Eight], roots: &Roots, is_more: bool) {
        portable => add_products_kernel::<Eight>(total, a, b, roots, is_more),
        avx2 => add_products_kernel::<Two>(total, a, b, roots, is_more),
        avx512 => add_products_kernel::<One>(total, a, b, roots, is_more),
    }
}

dispatch! {
    pub(super) fn words[const O: usize][O](isa: Supported, digits: &Digits<O>, residues: [&[Eight]; O], yield_now: &mut YieldNow<'_>) -> ControlFlow<(), Vec<u64>> {
        portable => digits.words::<Eight>(residues, yield_now),
        avx2 => digits.words::<Two>(residues, yield_now),
        avx512 => digits.words::<One>(residues, yield_now),
    }
}

/// The sum so far, where there is one, and a product.
#[inline(always)]
fn add_products_kernel<V: Vector>(total: &mut [Eight], a: &[Eight], b: &[Eight], roots: &Roots, is_more: bool) {
    let f = roots.field;
    for ((total, a), b) in total.iter_mut().zip(a).zip(b) {
        let product = f.product(f.reduced(V::load(a)), V::load(b));
        let sum = if is_more { f.reduced(V::load(total).plus(product)) } else { product };
        sum.store(total);
    }
}
