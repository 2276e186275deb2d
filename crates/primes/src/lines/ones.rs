//! Counting on sieved lines: ones of one line, or of the AND of several.
//!
//! Run time: as fast as the lines come out of the cache. Memory: none.

use montesieve_kernel::dispatch;

dispatch! {
    /// How many of the bits `from..to` are ones in all of `lines` (1 to 6 of them).
    pub(super) fn ones(isa: Supported, lines: &[&[u8]], from: u64, to: u64) -> u64 = ones_kernel(lines, from, to);
}

#[inline(always)]
fn ones_kernel(lines: &[&[u8]], from: u64, to: u64) -> u64 {
    match *lines {
        [a] => ones_of([a], from, to),
        [a, b] => ones_of([a, b], from, to),
        [a, b, c] => ones_of([a, b, c], from, to),
        [a, b, c, d] => ones_of([a, b, c, d], from, to),
        [a, b, c, d, e] => ones_of([a, b, c, d, e], from, to),
        [a, b, c, d, e, f] => ones_of([a, b, c, d, e, f], from, to),
        _ => unreachable!("no tuplet has {} members", lines.len()),
    }
}

#[inline(always)]
fn ones_of<const N: usize>(lines: [&[u8]; N], from: u64, to: u64) -> u64 {
    if from >= to {
        return 0;
    }
    let (first, last) = ((from / 64) as usize, ((to - 1) / 64) as usize);
    let words = lines.map(|line| &line.as_chunks::<8>().0[first..=last]);
    let word = |i: usize| words.iter().fold(!0, |all, words| all & u64::from_le_bytes(words[i]));
    let whole: u64 = (0..=last - first).map(|i| u64::from(word(i).count_ones())).sum();
    let before = word(0) & !(!0 << (from % 64));
    let behind = word(last - first) & (!1 << ((to - 1) % 64));
    whole - u64::from(before.count_ones()) - u64::from(behind.count_ones())
}

#[cfg(test)]
mod tests {
    use super::*;
    use montesieve_kernel::isa::Supported;

    #[test]
    fn any_range_of_any_number_of_lines() {
        let lines: Vec<Vec<u8>> =
            (1..7).map(|k| (0..40).map(|i| !((i * i * 31 + k * 7 * i) as u8 & 0x52)).collect()).collect();
        for n in 1..=6 {
            let lines: Vec<&[u8]> = lines[..n].iter().map(Vec::as_slice).collect();
            let is_one = |bit: u64| lines.iter().all(|line| line[bit as usize / 8] >> (bit % 8) & 1 == 1);
            for from in [0, 1, 63, 64, 65, 127, 200, 319, 320] {
                for to in [0, 1, 63, 64, 65, 128, 129, 255, 319, 320] {
                    let expected = (from..to).filter(|&bit| is_one(bit)).count() as u64;
                    assert_eq!(ones(Supported::widest(), &lines, from, to), expected, "{n} lines, {from}..{to}");
                }
            }
        }
    }
}
