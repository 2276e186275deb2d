//! The plain forms: what every instruction set must equal.

use super::{Dividend, GROUP, LeafBatch, Sieved, Turn, up_to};
use crate::gourdon::crossing::{BLOCK, UP_TO, WORD};
use crate::gourdon::factors::RESIDUES;

#[inline(always)]
pub(super) fn count_leaves(xp: Dividend, base: u64, m: &[u32], sieved: &Sieved<'_>) -> u64 {
    let (words, _) = sieved.bytes.as_chunks::<8>();
    let mut sum = 0;
    for &m in m {
        let n = xp.over(base + u64::from(m), u64::MAX) - sieved.low;
        let (word, bit) = ((n / WORD) as usize, (n % WORD) as usize);
        let block = word * 8 / BLOCK;
        sum += u64::from(sieved.groups[block / GROUP]) + u64::from(sieved.before[block]);
        for &word in &words[block * BLOCK / 8..word] {
            sum += u64::from(u64::from_le_bytes(word).count_ones());
        }
        sum += u64::from((u64::from_le_bytes(words[word]) & UP_TO[bit]).count_ones());
    }
    sum
}

#[inline(always)]
pub(super) fn running(counters: &[u16], before: &mut [u16], groups: &mut [u32]) -> u32 {
    for (counters, before) in counters.chunks(GROUP).zip(before.chunks_mut(GROUP)) {
        let mut sum = 0;
        for (counter, before) in counters.iter().zip(before) {
            *before = sum;
            sum += counter;
        }
    }
    running_groups(counters, before, groups)
}

/// The part of whole groups, when the counters have theirs.
#[inline(always)]
pub(super) fn running_groups(counters: &[u16], before: &[u16], groups: &mut [u32]) -> u32 {
    let (counters, before) = (counters.as_chunks::<GROUP>().0, before.as_chunks::<GROUP>().0);
    let mut sum = 0;
    for ((group, counters), before) in groups.iter_mut().zip(counters).zip(before) {
        *group = sum;
        sum += u32::from(before[GROUP - 1]) + u32::from(counters[GROUP - 1]);
    }
    sum
}

#[inline(always)]
pub(super) fn recount(bytes: &[u8], counters: &mut [u16]) {
    for (block, counter) in bytes.as_chunks::<BLOCK>().0.iter().zip(counters) {
        *counter = block.as_chunks::<8>().0.iter().map(|&word| u64::from_le_bytes(word).count_ones() as u16).sum();
    }
}

#[inline(always)]
pub(super) fn select(turn: Turn<'_>, threshold: u16, even: &mut LeafBatch, odd: &mut LeafBatch) {
    let places = turn.from..turn.to;
    for (&code, &residue) in turn.codes[places.clone()].iter().zip(&RESIDUES[places]) {
        let m = turn.base + u32::from(residue);
        let taken = usize::from(code > threshold);
        let is_odd = usize::from(code & 1);
        odd.m[odd.length] = m;
        odd.length += taken & is_odd;
        even.m[even.length] = m;
        even.length += taken & (1 - is_odd);
    }
}

#[inline(always)]
pub(super) fn sum_counts(xp: Dividend, base: u64, q: &[u32], low: u64, entries: &[u64]) -> u64 {
    q.iter().map(|&q| up_to(entries, xp.over(base + u64::from(q), u64::MAX) - low)).sum()
}

#[inline(always)]
pub(super) fn sum_counts_over(xp: Dividend, over: &[f64], low: u64, entries: &[u64]) -> u64 {
    over.iter().map(|&over| up_to(entries, (xp.middle * over) as i64 as u64 - low)).sum()
}
