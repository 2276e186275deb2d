//! Files that went wrong in any way, loaded as a command loads them: refused with a sentence, or the very ledger that was written.
//!
//! A fuzzer that runs with the ordinary tests, on stable Rust: good files of several jobs, changed by a few random steps (bits, bytes, lengths,
//! pieces of other files, cuts), and half of them given a right digest again, so that what lies behind it is reached. Seeded; `MONTESIEVE_FUZZ=N`
//! loads N files instead of some thousand. Stands beside `tests`, which says what each kind of damage is called.

use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;
use crate::job::{Span, Tally, keeper};

/// Files loaded in an ordinary test run: 0.3 s.
const FILES: usize = 4000;

/// A tally of some bytes of its own: order and length show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Text(String);

impl Tally for Text {
    fn merge(&mut self, next: Text) {
        self.0.push_str(&next.0);
    }
}

fn job(amount: u64) -> Identity {
    Identity { kind: "text".into(), amount, whole: amount / 10, words: vec!["text".into(), amount.to_string()] }
}

/// A good file of a job with these blocks done.
fn good(job: &Identity, spans: &[(u64, u64)]) -> Vec<u8> {
    let mut ledger = Ledger::with_seam((!job.amount.is_multiple_of(10)).then_some(job.whole));
    for &(first, end) in spans {
        let text = (first..end).map(|block| format!("{block} ")).collect();
        ledger.record(Span::new(first, end), Text(text)).expect("disjoint");
    }
    encode(job, &ledger).expect("encodes")
}

/// One random step away from a good file.
fn change(bytes: &mut Vec<u8>, others: &[Vec<u8>], random: &mut Xoshiro256PlusPlus) {
    let at = |length: usize, random: &mut Xoshiro256PlusPlus| random.random_range(0..length.max(1));
    let place = at(bytes.len(), random);
    match random.random_range(0..7) {
        0 if !bytes.is_empty() => bytes[place] ^= 1 << random.random_range(0..8),
        1 if !bytes.is_empty() => bytes[place] = random.random(),
        2 => bytes.insert(place, random.random()),
        3 => bytes.truncate(place),
        // A number of eight bytes in bincode's form, as large as can be or nearly.
        4 if bytes.len() >= place + 9 => {
            bytes[place] = 253;
            bytes[place + 1..place + 9].copy_from_slice(&(u64::MAX - random.next_u64() % 3).to_le_bytes());
        }
        5 => {
            let other = &others[random.random_range(0..others.len())];
            bytes.truncate(place);
            bytes.extend_from_slice(&other[at(other.len(), random)..]);
        }
        _ => {
            let end = (place + random.random_range(0..20)).min(bytes.len());
            let piece = bytes[place.min(end)..end].to_vec();
            let to = at(bytes.len(), random);
            bytes.splice(to..to, piece);
        }
    }
}

/// Length and digest as they should be for what is there.
fn forge(bytes: &mut [u8]) {
    if let Some((head, rest)) = bytes.split_at_mut_checked(PREFIX + DIGEST) {
        head[..MAGIC.len()].copy_from_slice(MAGIC);
        head[MAGIC.len()..MAGIC.len() + 4].copy_from_slice(&VERSION.to_le_bytes());
        head[MAGIC.len() + 4..PREFIX].copy_from_slice(&(rest.len() as u64).to_le_bytes());
        let right = digest(&head[..PREFIX], rest);
        head[PREFIX..].copy_from_slice(&right);
    }
}

#[test]
fn changed_files_are_refused_or_what_was_written() {
    let files = std::env::var("MONTESIEVE_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(FILES);
    let (short, ours) = (job(95), job(1004));
    let goods = [
        good(&ours, &[]),
        good(&ours, &[(0, 101)]),
        good(&ours, &[(0, 7), (9, 30), (31, 99), (100, 101)]),
        good(&short, &[(0, 4), (6, 9), (9, 10)]),
    ];
    let written: Vec<Ledger<Text>> = goods.iter().map(|bytes| decode(bytes, &ours).expect("good")).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("text.ckpt");
    let mut random = Xoshiro256PlusPlus::seed_from_u64(6);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..files {
        let mut bytes = goods[random.random_range(0..goods.len())].clone();
        (0..random.random_range(0..4)).for_each(|_| change(&mut bytes, &goods, &mut random));
        let is_forged = random.random();
        if is_forged {
            forge(&mut bytes);
        }
        std::fs::write(&place, &bytes).expect("written");
        match keeper::load::<Text>(&place, &ours) {
            Ok(ledger) => {
                let ledger = ledger.expect("the file is there");
                // Behind a forged digest anything may stand, but it is a ledger of this job, and can be worked with.
                assert!(is_forged || written.contains(&ledger), "{ledger:?}");
                let all = Span::new(0, ours.whole + 1);
                let holes: u64 = ledger.holes(all).iter().map(|hole| hole.len()).sum();
                assert_eq!(ledger.done() + holes, all.len());
                read += 1;
            }
            Err(error) => {
                assert!(matches!(error.exit_code(), 1 | 2) && error.to_string().contains("text.ckpt "), "{error}");
                refused += 1;
            }
        }
    }
    assert!(read > files / 20 && refused > files / 4, "{read} read, {refused} refused: nothing was tried");
}
