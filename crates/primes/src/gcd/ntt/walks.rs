//! The walks: every hot loop, compiled once for each instruction set, and the choice between them.
//!
//! As `primes/walks.rs`, with one more: fused multiplication, which every CPU with AVX2 but a few has.

use std::ops::ControlFlow;

use super::cross::Cross;
use super::limbs::Digits;
use super::transform::{self, Roots};
use super::vector::{self, Eight, Vector};
use crate::Pulse;
use montesieve_kernel::isa::Isa;

/// An instruction set with fused multiplication that this CPU has.
#[derive(Clone, Copy)]
pub(super) struct Walks(Isa);

impl Walks {
    /// `None` without fused multiplication.
    pub(super) fn new(isa: Isa) -> Option<Walks> {
        #[cfg(target_arch = "x86_64")]
        if isa != Isa::Portable && isa.is_supported() && std::arch::is_x86_feature_detected!("fma") {
            return Some(Walks(isa));
        }
        let _ = isa;
        None
    }
}

macro_rules! walk {
    ($name:ident $(<const $o:ident: usize>)? ($($argument:ident: $type:ty),*) $(-> $result:ty)? = |$v:ident| $body:expr) => {
        impl Walks {
            pub(super) fn $name $(<const $o: usize>)? (self, $($argument: $type),*) $(-> $result)? {
                #[cfg(target_arch = "x86_64")]
                #[target_feature(enable = "avx2,fma,bmi1,bmi2,popcnt,lzcnt")]
                fn avx2 $(<const $o: usize>)? ($($argument: $type),*) $(-> $result)? {
                    type $v = vector::Two;
                    $body
                }
                #[cfg(target_arch = "x86_64")]
                #[target_feature(enable = "avx2,fma,bmi1,bmi2,popcnt,lzcnt")]
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                fn avx512 $(<const $o: usize>)? ($($argument: $type),*) $(-> $result)? {
                    type $v = vector::One;
                    $body
                }
                #[cfg(target_arch = "x86_64")]
                match self.0 {
                    Isa::Portable => unreachable!("Walks::new wants a vector unit"),
                    // SAFETY: `Walks::new` made sure that this CPU has AVX2, the rest of `Isa::Avx2`, and FMA.
                    Isa::Avx2 => unsafe { avx2($($argument),*) },
                    // SAFETY: likewise for `Isa::Avx512`, which includes `Isa::Avx2`.
                    Isa::Avx512 => unsafe { avx512($($argument),*) },
                }
                #[cfg(not(target_arch = "x86_64"))]
                unreachable!("Walks::new wants a vector unit")
            }
        }
    };
}

walk!(spread<const O: usize>(cross: &Cross<O>, groups: &mut [Eight], words: &[u64], pulse: &mut Pulse<'_>) -> ControlFlow<()>
    = |V| cross.spread::<V>(groups, words, pulse));
walk!(gather<const O: usize>(cross: &Cross<O>, groups: &[Eight], coefficients: &mut [Eight], pulse: &mut Pulse<'_>) -> ControlFlow<()>
    = |V| cross.gather::<V>(groups, coefficients, pulse));
walk!(forward(x: &mut [Eight], roots: &Roots, pulse: &mut Pulse<'_>) -> ControlFlow<()> = |V| transform::forward::<V>(x, roots, pulse));
walk!(backward(x: &mut [Eight], roots: &Roots, pulse: &mut Pulse<'_>) -> ControlFlow<()> = |V| transform::backward::<V>(x, roots, pulse));
walk!(add_products(total: &mut [Eight], a: &[Eight], b: &[Eight], roots: &Roots, is_more: bool)
    = |V| add_products::<V>(total, a, b, roots, is_more));
walk!(words3(digits: &Digits<3>, residues: [&[Eight]; 3], pulse: &mut Pulse<'_>) -> ControlFlow<(), Vec<u64>> = |V| digits.words::<V>(residues, pulse));
walk!(words4(digits: &Digits<4>, residues: [&[Eight]; 4], pulse: &mut Pulse<'_>) -> ControlFlow<(), Vec<u64>> = |V| digits.words::<V>(residues, pulse));

/// The sum so far, where there is one, and a product.
#[inline(always)]
fn add_products<V: Vector>(total: &mut [Eight], a: &[Eight], b: &[Eight], roots: &Roots, is_more: bool) {
    let f = roots.field;
    for ((total, a), b) in total.iter_mut().zip(a).zip(b) {
        let product = f.product(f.reduced(V::load(a)), V::load(b));
        let sum = if is_more { f.reduced(V::load(total).plus(product)) } else { product };
        sum.store(total);
    }
}
