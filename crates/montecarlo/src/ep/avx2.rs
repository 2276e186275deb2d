//! The kernel with AVX2: four pairs a register, two registers.
//!
//! There is no product of 64-bit words. With halves x = x1 2^32 + x0, x a mod 2^64 = x0 a0 + 2^32
//! (x0 a1 + x1 a0): the first by `vpmuludq`, the other two by one `vpmulld` with the halves of a
//! swapped. Accepted pairs are gathered by `vpermd` with one of 16 orders from a table.

use std::arch::x86_64::*;

use super::deviates::ROW;
use super::gathered::{DRAWS, Gathered, block};
use super::generator::{LANES, MULTIPLIER, ONE, PairStates, STRIDE};
use super::sums::Sums;

/// States in a register.
const WIDTH: usize = 4;

/// Registers that hold the lanes.
const SETS: usize = LANES / WIDTH;

/// For each set of accepted pairs of a register, the 32-bit halves that move to the front.
const ORDERS: [[u32; 2 * WIDTH]; 1 << WIDTH] = orders();

const fn orders() -> [[u32; 2 * WIDTH]; 1 << WIDTH] {
    let mut orders = [[0; 2 * WIDTH]; 1 << WIDTH];
    let mut mask = 0;
    while mask < orders.len() {
        let (mut lane, mut to) = (0, 0);
        while lane < WIDTH {
            if mask >> lane & 1 == 1 {
                orders[mask][to] = 2 * lane as u32;
                orders[mask][to + 1] = 2 * lane as u32 + 1;
                to += 2;
            }
            lane += 1;
        }
        mask += 1;
    }
    orders
}

/// The sums of the block that begins where `lanes` stand, which then stand at the next one.
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn sums(lanes: &mut PairStates) -> Sums {
    block(lanes, |lanes, to| gather(lanes, to))
}

/// The states times a constant, given as it is and with its halves swapped.
#[inline]
#[target_feature(enable = "avx2")]
fn product(states: __m256i, (by, swapped): (__m256i, __m256i)) -> __m256i {
    let low = _mm256_mul_epu32(states, by);
    let cross = _mm256_mullo_epi32(states, swapped);
    // Both cross products belong in the upper half: one is there, the other below it.
    let upper = _mm256_add_epi32(cross, _mm256_slli_epi64::<32>(cross));
    _mm256_add_epi64(low, _mm256_and_si256(upper, _mm256_set1_epi64x(!0 << 32)))
}

/// A constant for [`product`].
#[inline]
#[target_feature(enable = "avx2")]
fn factor(by: u64) -> (__m256i, __m256i) {
    (_mm256_set1_epi64x(by as i64), _mm256_set1_epi64x(by.rotate_left(32) as i64))
}

/// [`centred`](super::generator::centred) of each state.
#[inline]
#[target_feature(enable = "avx2")]
fn centred(states: __m256i) -> __m256d {
    let bits = _mm256_or_si256(_mm256_srli_epi64::<12>(states), _mm256_set1_epi64x(ONE as i64));
    _mm256_sub_pd(_mm256_castsi256_pd(bits), _mm256_set1_pd(1.5))
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
fn gather(lanes: &mut PairStates, to: &mut Gathered) {
    let (multiplier, stride) = (factor(MULTIPLIER), factor(STRIDE));
    let lanes: *mut __m256i = lanes.0.as_mut_ptr().cast();
    // SAFETY: the lanes are SETS registers long, and begin at a multiple of 64 bytes.
    let mut states: [__m256i; SETS] = std::array::from_fn(|set| unsafe { _mm256_load_si256(lanes.add(set)) });
    let mut count = to.count;
    assert!(count < ROW);
    for _ in 0..DRAWS {
        for state in &mut states {
            let (x, y) = (centred(*state), centred(product(*state, multiplier)));
            *state = product(*state, stride);
            let square = _mm256_add_pd(_mm256_mul_pd(x, x), _mm256_mul_pd(y, y));
            let inside = _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LE_OQ>(square, _mm256_set1_pd(0.25))) as usize;
            // SAFETY: four bits point into a table of 16 rows, each a register long. At most ROW -
            // 1 pairs were there and WIDTH come with each register, so one behind `count` is in the
            // room.
            unsafe {
                let order = _mm256_loadu_si256(ORDERS[inside].as_ptr().cast());
                let gathered = |pairs: __m256d| _mm256_permutevar8x32_epi32(_mm256_castpd_si256(pairs), order);
                _mm256_storeu_si256(to.x.as_mut_ptr().add(count).cast(), gathered(x));
                _mm256_storeu_si256(to.y.as_mut_ptr().add(count).cast(), gathered(y));
            }
            count += inside.count_ones() as usize;
        }
    }
    to.count = count;
    for (set, state) in states.into_iter().enumerate() {
        // SAFETY: as above.
        unsafe { _mm256_store_si256(lanes.add(set), state) };
    }
}
