//! The format against bytes of every kind: its own, truncated, flipped, spliced, and arbitrary.

use super::*;
use crate::Boundaries;
use proptest::prelude::*;

/// A tally that shows the order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Blocks(Vec<u64>);

impl Tally for Blocks {
    fn merge(&mut self, next: Self) {
        self.0.extend(next.0);
    }
}

/// A job with blocks of ten.
fn job(kind: &str, amount: u64) -> Identity {
    let version = Version { cut: 1, stream: 1, block: 10 };
    let (amount, words) = (u128::from(amount), vec!["pi".into(), amount.to_string()]);
    Identity { kind: kind.into(), version, amount, whole: (amount / 10) as u64, words, parts: Vec::new() }
}

fn ledger(job: &Identity, spans: &[(u64, u64)]) -> Ledger<Blocks> {
    let mut ledger = Ledger::with_boundaries(Boundaries::at((!job.amount.is_multiple_of(10)).then_some(job.whole)));
    for &(first, end) in spans {
        ledger.record(Span::new(first, end), Blocks((first..end).collect())).expect("disjoint");
    }
    ledger
}

/// A tally is right if it has the blocks of its span.
fn decode(bytes: &[u8], ours: &Identity) -> Result<Ledger<Blocks>, FormatError> {
    let check = |span: Span, tally: &Blocks| match tally.0.iter().copied().eq(span.first..span.end) {
        true => Ok(()),
        false => Err(format!("they are not {span}")),
    };
    super::decode(bytes, ours, ours.amount.div_ceil(10) as u64, check)
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
fn a_longer_job_resumes_from_the_whole_blocks_of_a_shorter_one() {
    let (short, long) = (job("seed 1", 95), job("seed 1", 1000));
    let read = decode(&written(&short, &[(0, 3), (4, 9), (9, 10)]), &long).expect("the same kind");
    assert_eq!(read.spans().map(|(span, _)| span).collect::<Vec<_>>(), [Span::new(0, 3), Span::new(4, 9)]);
}

#[test]
fn a_shorter_job_takes_what_lies_within_it_or_nothing() {
    let (short, long) = (job("seed 1", 95), job("seed 1", 1000));
    let read = decode(&written(&long, &[(0, 3)]), &short).expect("all within");
    assert_eq!(read.done(), 3);
    let refused = decode(&written(&long, &[(0, 30)]), &short).expect_err("beyond its end");
    assert_eq!(
        refused.to_string(),
        "is a checkpoint of `pi 1000`, and this is `pi 95` (a longer job, whose blocks lie in part beyond the end of \
         this one)"
    );
    assert!(!refused.is_damage());
}

#[test]
fn another_job_is_refused_with_both_names() {
    let refused = decode(&written(&job("seed 1", 95), &[(0, 3)]), &job("seed 2", 95)).expect_err("another seed");
    assert!(matches!(refused, FormatError::OtherJob { .. }));
}

#[test]
fn files_that_are_none_of_ours() {
    let ours = job("seed 1", 95);
    let good = written(&ours, &[(0, 3)]);
    let refusal = |bytes: &[u8]| decode(bytes, &ours).expect_err("bad").to_string();
    assert_eq!(refusal(b""), "is not a checkpoint");
    assert_eq!(refusal(b"#!/bin/sh"), "is not a checkpoint");
    assert_eq!(refusal(&[b'x'; 1000]), "is not a checkpoint");
    for (version, said) in [
        (7, "was written by a newer version (format 7; this one reads 2)"),
        (1, "was written by an older version (format 1; this one reads 2): finish the job with that one"),
    ] {
        let mut other = good.clone();
        other[MAGIC.len()] = version;
        assert_eq!(refusal(&other), "is damaged: its digest is wrong", "a flipped bit is no version");
        reseal(&mut other);
        assert_eq!(refusal(&other), said);
    }
    let length = good.len();
    assert_eq!(refusal(&good[..length - 1]), format!("is damaged: it has {} bytes instead of {length}", length - 1));
    let mut flipped = good.clone();
    flipped[length - 1] ^= 1;
    assert_eq!(refusal(&flipped), "is damaged: its digest is wrong");
    // A right digest over contents that are not a checkpoint.
    let mut empty = good[..PREFIX].to_vec();
    empty[MAGIC.len() + 4..].fill(0);
    empty.extend_from_slice(&[0; DIGEST]);
    reseal(&mut empty);
    assert!(refusal(&empty).starts_with("cannot be understood: "));
}

#[test]
fn other_blocks_of_the_same_job_are_refused() {
    let ours = job("seed 1", 95);
    let theirs = |change: fn(&mut Identity)| {
        let mut theirs = ours.clone();
        change(&mut theirs);
        let bytes = encode(&theirs, &ledger(&ours, &[(0, 3)])).expect("encodes");
        decode(&bytes, &ours).expect_err("other blocks").to_string()
    };
    for said in
        [theirs(|job| job.version.cut = 2), theirs(|job| job.version.stream = 2), theirs(|job| job.version.block = 20)]
    {
        assert!(
            said.starts_with("is of this job, but by another version of the program, whose blocks differ"),
            "{said}"
        );
    }
    assert!(theirs(|job| job.whole = 4).ends_with("4 whole blocks do not fit a job of 95"));
    assert!(theirs(|job| (job.amount, job.whole) = (200, 21)).ends_with("21 whole blocks do not fit a job of 200"));
    assert!(theirs(|job| job.parts = vec![JobPart { index: 3, of: 3 }]).contains("its part numbers are impossible"));
}

#[test]
fn tallies_that_cannot_be_right_are_refused() {
    let ours = job("seed 1", 95);
    let mut ledger = Ledger::new();
    ledger.record(Span::new(0, 3), Blocks(vec![0, 1])).expect("disjoint");
    let refused = decode(&encode(&ours, &ledger).expect("encodes"), &ours).expect_err("wrong");
    assert_eq!(refused, FormatError::Contents("they are not 0..3".to_owned()));
    let beyond = written(&ours, &[(0, 3), (9, 11)]);
    assert_eq!(decode(&beyond, &ours), Err(FormatError::Contents("the job has no blocks 9..11".to_owned())));
}

#[test]
fn foreign_text_is_escaped_and_shortened() {
    let words = vec!["pi\x1b[2J".to_owned(), "9".repeat(1000)];
    let name = Identity { words, ..job("seed 1", 95) }.name();
    assert!(name.starts_with("pi\\u{1b}[2J 999") && name.ends_with("9...") && name.len() < 400, "{name}");
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
        match decode(&bytes, &ours) {
            Ok(_) => prop_assert!(bytes == good || bytes == other),
            Err(_) => prop_assert!(bytes != good),
        }
    }

    /// The digest excludes accidents. Forged contents may be anything: they are decoded or refused,
    /// without a panic, and without huge memory for a forged length.
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
            // bincode's mark of a length in eight bytes, all of them ones.
            let at = rest + at.index(forged.len() - rest - 9);
            forged[at..at + 9].copy_from_slice(&[253, 255, 255, 255, 255, 255, 255, 255, 255]);
        }
        reseal(&mut forged);
        let _ = decode(&forged, &ours);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(decode(&bytes, &job("seed 1", 95)).is_err());
        let mut ours = MAGIC.to_vec();
        ours.extend(bytes);
        prop_assert!(identity(&ours).is_err());
    }
}

/// The same command line, with another file behind it.
#[test]
fn the_one_thing_that_differs_is_named() {
    let of = |kind: &str| Identity { kind: kind.to_owned(), ..job("seed 1", 95) };
    let refused = |theirs: &str, ours: &str| {
        decode(&written(&of(theirs), &[(0, 3)]), &of(ours)).expect_err("another kind").to_string()
    };
    let start = "is a checkpoint of `pi 95`, and this is `pi 95`";
    assert_eq!(refused("f, hash 1, seed 1", "f, hash 2, seed 1"), format!("{start} (hash 1 there, hash 2 here)"));
    assert_eq!(refused("f, hash 1, seed 1", "f, hash 2, seed 2"), start);
    assert_eq!(refused("f, seed 1", "f, seed 1, more"), start);
}
