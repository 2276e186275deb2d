//! The format against bytes of every kind: its own, cut, flipped, spliced, and anybody else's.

use super::*;
use crate::job::Span;
use proptest::prelude::*;

/// Order shows in this tally.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Blocks(Vec<u64>);

impl Tally for Blocks {
    fn merge(&mut self, next: Self) {
        self.0.extend(next.0);
    }
}

/// A job with blocks of ten.
fn job(kind: &str, amount: u64) -> Identity {
    Identity { kind: kind.into(), amount, whole: amount / 10, words: vec!["pi".into(), amount.to_string()] }
}

fn ledger(job: &Identity, spans: &[(u64, u64)]) -> Ledger<Blocks> {
    let mut ledger = Ledger::with_seam((!job.amount.is_multiple_of(10)).then_some(job.whole));
    for &(first, end) in spans {
        ledger.record(Span::new(first, end), Blocks((first..end).collect())).expect("disjoint");
    }
    ledger
}

fn written(job: &Identity, spans: &[(u64, u64)]) -> Vec<u8> {
    encode(job, &ledger(job, spans)).expect("encodes")
}

#[test]
fn what_was_written_is_read() {
    let ours = job("seed 1", 95);
    for spans in [&[][..], &[(0, 3)], &[(0, 3), (5, 9), (9, 10)]] {
        let bytes = written(&ours, spans);
        assert_eq!(decode(&bytes, &ours), Ok(ledger(&ours, spans)));
        assert_eq!(identity(&bytes), Ok(ours.clone()));
    }
}

#[test]
fn a_longer_job_goes_on_from_the_whole_blocks_of_a_shorter_one() {
    let (short, long) = (job("seed 1", 95), job("seed 1", 1000));
    let read: Ledger<Blocks> = decode(&written(&short, &[(0, 3), (4, 9), (9, 10)]), &long).expect("the same kind");
    assert_eq!(read.spans().map(|(span, _)| span).collect::<Vec<_>>(), [Span::new(0, 3), Span::new(4, 9)]);
}

#[test]
fn a_shorter_job_takes_what_lies_within_it_or_nothing() {
    let (short, long) = (job("seed 1", 95), job("seed 1", 1000));
    let read: Ledger<Blocks> = decode(&written(&long, &[(0, 3)]), &short).expect("all within");
    assert_eq!(read.done(), 3);
    let refused = decode::<Blocks>(&written(&long, &[(0, 30)]), &short).expect_err("beyond its end");
    assert_eq!(refused.to_string(), "is a checkpoint of `pi 1000`, and this is `pi 95`");
    assert!(!refused.is_damage());
}

#[test]
fn another_job_is_refused_with_both_names() {
    let refused =
        decode::<Blocks>(&written(&job("seed 1", 95), &[(0, 3)]), &job("seed 2", 95)).expect_err("another seed");
    assert!(matches!(refused, Refusal::OtherJob { .. }));
}

#[test]
fn files_that_are_none_of_ours() {
    let ours = job("seed 1", 95);
    let good = written(&ours, &[(0, 3)]);
    let refusal = |bytes: &[u8]| decode::<Blocks>(bytes, &ours).expect_err("bad").to_string();
    assert_eq!(refusal(b""), "is not a checkpoint of montesieve");
    assert_eq!(refusal(b"#!/bin/sh"), "is not a checkpoint of montesieve");
    assert_eq!(refusal(&[b'x'; 1000]), "is not a checkpoint of montesieve");
    let mut newer = good.clone();
    newer[MAGIC.len()] = 7;
    assert_eq!(refusal(&newer), "was written by a newer montesieve (format 7; this one reads 1)");
    let length = good.len();
    assert_eq!(refusal(&good[..length - 1]), format!("is damaged: it has {} bytes instead of {length}", length - 1));
    let mut flipped = good.clone();
    flipped[length - 1] ^= 1;
    assert_eq!(refusal(&flipped), "is damaged: its digest is wrong");
    // A right digest over contents that are none.
    let mut empty = good[..PREFIX].to_vec();
    empty[MAGIC.len() + 4..].fill(0);
    let hash = digest(&empty, &[]);
    empty.extend_from_slice(&hash);
    assert!(refusal(&empty).starts_with("cannot be understood: "));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    /// Bit flips, truncations, splices of two good files: refused, or the very same ledger.
    #[test]
    fn mutated_files_are_refused_or_equal(
        cut in proptest::option::of(any::<prop::sample::Index>()),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 0..4),
        splice in proptest::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>())),
        insert in proptest::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let ours = job("seed 1", 995);
        let good = written(&ours, &[(0, 3), (5, 40), (41, 99), (99, 100)]);
        let other = written(&ours, &[(0, 4), (5, 60)]);
        let mut bytes = good.clone();
        if let Some((at, from)) = splice {
            bytes.truncate(at.index(bytes.len()));
            bytes.extend_from_slice(&other[from.index(other.len())..]);
        }
        if let Some((at, byte)) = insert {
            bytes.insert(at.index(bytes.len() + 1), byte);
        }
        for (at, bit) in flips {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        match decode::<Blocks>(&bytes, &ours) {
            Ok(_) => prop_assert!(bytes == good || bytes == other),
            Err(_) => prop_assert!(bytes != good),
        }
    }

    /// The digest keeps accidents out. Behind a forged one anything may stand: it is read or refused, never a panic, nor
    /// memory beyond measure for a length that is a lie.
    #[test]
    fn contents_behind_a_right_digest_never_panic(
        bytes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        lie in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let ours = job("seed 1", 995);
        let mut forged = written(&ours, &[(0, 3), (5, 40), (41, 99), (99, 100)]);
        let rest = PREFIX + DIGEST;
        for (at, byte) in bytes {
            let at = rest + at.index(forged.len() - rest);
            forged[at] = byte;
        }
        if let Some(at) = lie {
            // bincode's mark of a length in eight bytes, and all of them ones.
            let at = rest + at.index(forged.len() - rest - 9);
            forged[at..at + 9].copy_from_slice(&[253, 255, 255, 255, 255, 255, 255, 255, 255]);
        }
        let (prefix, contents) = (&forged[..PREFIX], &forged[rest..]);
        let right = digest(prefix, contents);
        forged[PREFIX..rest].copy_from_slice(&right);
        let _ = decode::<Blocks>(&forged, &ours);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(decode::<Blocks>(&bytes, &job("seed 1", 95)).is_err());
        let mut ours = MAGIC.to_vec();
        ours.extend(bytes);
        prop_assert!(identity(&ours).is_err());
    }
}
