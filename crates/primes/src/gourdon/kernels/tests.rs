//! All instruction sets give the same integers as the plain form and the definition.

use super::*;
use crate::gourdon::crossing::BLOCK;
use montesieve_kernel::isa::Supported;
use proptest::prelude::*;

proptest! {
    #[test]
    fn quotients_are_floors(quotient in 1_u128..(1 << 50) - 1, m in prop_oneof![1_u64..1 << 50, 1_u64..1 << 32, 1_u64..1000], off in -1_i128..=1) {
        // Near a multiple, where a floor is hardest.
        let n = (quotient * u128::from(m)).saturating_add_signed(off);
        let expected = n / u128::from(m);
        prop_assert_eq!(u128::from(Dividend::new(n).over(m, u64::MAX)), expected);
        prop_assert_eq!(u128::from(Dividend::new(n).over(m, 1000)), expected.min(1000));
    }

    #[test]
    fn leaves_are_counted_by_every_lane(
        words in prop::collection::vec(any::<u64>(), 192..193),
        low in (0_u64..1 << 40).prop_map(|n| n * 240),
        base in prop_oneof![Just(0), 1_u64..1 << 33],
        mut m in prop::collection::vec(1_u32..50_000, 0..60),
        scale in 1_u64..30_000,
    ) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        m.sort_unstable();
        m.reverse();
        // n = xp / (base + m) must lie in the segment.
        let xp = u128::from(low + scale % 200) * u128::from(base + u64::from(m.first().copied().unwrap_or(1))) + u128::from(scale);
        let n = |m: u32| xp / u128::from(base + u64::from(m));
        m.retain(|&m| (u128::from(low)..u128::from(low + 192 * 240)).contains(&n(m)));
        let bit = |n: u64| (0..8).any(|j| [1, 7, 11, 13, 17, 19, 23, 29][j] == n % 30 && bytes[(n / 30) as usize] >> j & 1 == 1);
        let expected: u64 = m.iter().map(|&m| (0..=n(m) as u64 - low).filter(|&n| bit(n)).count() as u64).sum();
        for isa in Supported::all() {
            let (mut counters, mut before, mut places) = (vec![0; 32], vec![0; 32], vec![0; 200]);
            let mut groups = vec![0; 2];
            recount(isa, &bytes, &mut counters);
            let ones = running(isa, &counters, &mut before, &mut groups);
            let sums = (0..32).map(|i| counters[..i].iter().map(|&count| u32::from(count)).sum::<u32>());
            prop_assert!(sums.eq((0..32).map(|i| groups[i / GROUP] + u32::from(before[i]))), "{:?}", isa);
            prop_assert_eq!(ones, words.iter().map(|word| word.count_ones()).sum::<u32>());
            let sieved = Sieved { bytes: &bytes, before: &before, groups: &groups, low };
            prop_assert_eq!(count_leaves(isa, Dividend::new(xp), base, &m, &mut places, &sieved), expected, "{:?}", isa);
        }
    }

    #[test]
    fn blocks_are_counted_alike(bytes in prop::collection::vec(any::<u8>(), 25 * BLOCK..25 * BLOCK + 1), blocks in 0_usize..=25) {
        let bytes = &bytes[..blocks * BLOCK];
        for isa in Supported::all() {
            let mut counters = vec![0; blocks + 16];
            recount(isa, bytes, &mut counters);
            let ones = bytes.chunks(BLOCK).map(|block| block.iter().map(|byte| byte.count_ones() as u16).sum::<u16>());
            prop_assert!(ones.eq(counters[..blocks].iter().copied()), "{:?}", isa);
        }
    }

    #[test]
    fn turns_are_read_alike(codes in prop::collection::vec(any::<u16>(), COPRIME..COPRIME + 1), threshold in any::<u16>(),
        from in 0_usize..480, length in 0_usize..480) {
        let codes: [u16; COPRIME] = codes.try_into().expect("480 codes");
        let turn = Turn { codes: &codes, from, to: (from + length).min(COPRIME), base: 23_100 };
        let results: Vec<(Vec<u32>, Vec<u32>)> = Supported::all().map(|isa| {
            let (mut even, mut odd) = (LeafBatch::new(), LeafBatch::new());
            select(isa, turn, threshold, &mut even, &mut odd);
            (even.m[..even.length].to_vec(), odd.m[..odd.length].to_vec())
        }).collect();
        prop_assert!(results.iter().all(|result| *result == results[0]));
        prop_assert_eq!(results[0].0.len() + results[0].1.len(), codes[turn.from..turn.to].iter().filter(|&&c| c > threshold).count());
        prop_assert!(results[0].1.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn counts_are_looked_up_alike(words in prop::collection::vec(any::<u32>(), 32..33), low in 1_u64..1 << 45, base in prop_oneof![Just(0), 1_u64..1 << 33],
        q in prop::collection::vec(1_u32..1000, 1..40), off in -1_i128..=1) {
        let entries: Vec<u64> = words.iter().enumerate().map(|(i, &word)| (i as u64 * 7) << 32 | u64::from(word)).collect();
        let divisor = |q: u32| u128::from(base + u64::from(q));
        let largest = divisor(*q.iter().max().expect("some"));
        // Near a multiple, and on both sides of 2^50, where products are enough.
        let xp = ((u128::from(low) + 1) * largest).saturating_add_signed(off);
        let q: Vec<u32> = q.into_iter().filter(|&q| (u128::from(low)..u128::from(low) + 32 * u128::from(ENTRY)).contains(&(xp / divisor(q)))).collect();
        let expected: u64 = q.iter().map(|&q| up_to(&entries, (xp / divisor(q)) as u64 - low)).sum();
        let (xp, over): (_, Vec<f64>) = (Dividend::new(xp), q.iter().map(|&q| 1.0 / divisor(q) as f64).collect());
        for isa in Supported::all() {
            prop_assert_eq!(sum_counts(isa, xp, base, &q, low, &entries), expected, "{:?}", isa);
            prop_assert!(!xp.is_short() || sum_counts_over(isa, xp, &over, low, &entries) == expected, "{:?}", isa);
        }
    }

    #[test]
    fn products_are_floors(share in 0_u64..=1 << 16, n in 1_u64..3839, m in prop_oneof![1_u64..1 << 32, 1_u64..1000], above in -1_i128..=1) {
        // Near a multiple, up to the largest number of a short division.
        let low = ((1 << 50) / m).saturating_sub(4000) / (1 << 16) * share;
        let (q, entries) = (m as u32, vec![(1_u64 << 32) - 1; 32]);
        let xp = (u128::from(low + n) * u128::from(m)).saturating_add_signed(above);
        prop_assert!(Dividend::new(xp).is_short());
        let expected = up_to(&entries, (xp / u128::from(m)) as u64 - low);
        for isa in Supported::all() {
            let xp = Dividend::new(xp);
            prop_assert_eq!(sum_counts(isa, xp, 0, &[q; 5], low, &entries), 5 * expected, "{:?}", isa);
            prop_assert_eq!(sum_counts_over(isa, xp, &[1.0 / f64::from(q); 5], low, &entries), 5 * expected, "{:?}", isa);
        }
    }
}
