//! What the living ranks come to, when they meet after a loss or before something that cannot be
//! taken back. Pure.
//!
//! All that meet set bits, and all get the bits that any of them has set (`MPIX_Comm_agree`). The
//! n-th meeting of one rank is the n-th of every other, wherever each of them is in the program. So
//! a rank that looks for others to go on without the dead may meet one that is just about to
//! report, or one that is done: the bits say so, and every rank draws the same conclusion from
//! them.

use super::losses::Member;

/// Where a rank is when it comes to a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    /// On its way, and knows of no loss.
    Whole,
    /// It knows of a loss, and has come to go on without the dead.
    Lost,
    /// The command has come to its end, with this exit code: what there is to report is reported.
    Ended(u8),
    /// It cannot go on, and nobody shall: the job ends with this exit code.
    Fatal(u8),
}

/// What a meeting comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody is lost.
    Whole,
    /// Somebody is lost, and somebody at the meeting did not know: he has to come to another one.
    Again,
    /// Somebody is lost, and all the living have come to go on without him.
    GoOn,
    /// The command is over: all leave with this exit code.
    Leave(u8),
}

const LOST: u32 = 1 << 8;
const ELSEWHERE: u32 = 1 << 9;
const OVER: u32 = 1 << 10;
const CODE: u32 = 0xff;

impl Vote {
    /// The bits that this rank sets.
    pub fn bits(self) -> u32 {
        match self {
            Vote::Whole => ELSEWHERE,
            Vote::Lost => LOST,
            Vote::Ended(code) | Vote::Fatal(code) => OVER | u32::from(code),
        }
    }
}

impl Verdict {
    /// From the bits that any rank has set, and whether MPI says that nobody is missing.
    pub fn new(bits: u32, is_whole: bool) -> Verdict {
        match (bits & OVER != 0, is_whole && bits & LOST == 0, bits & ELSEWHERE != 0) {
            // Two codes at once: one of them is that of a fault, and so is what both together make.
            (true, _, _) => Verdict::Leave((bits & CODE) as u8),
            (false, true, _) => Verdict::Whole,
            (false, false, true) => Verdict::Again,
            (false, false, false) => Verdict::GoOn,
        }
    }
}

/// Those of `before` who have a number in the list, in its order, and the others.
pub fn parted(before: &[Member], numbers: &[usize]) -> (Vec<Member>, Vec<Member>) {
    let here = numbers.iter().filter_map(|&number| before.get(number).cloned()).collect();
    let missing = before.iter().enumerate().filter(|(number, _)| !numbers.contains(number));
    (here, missing.map(|(_, member)| member.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meeting(votes: &[Vote], is_whole: bool) -> Verdict {
        Verdict::new(votes.iter().fold(0, |bits, vote| bits | vote.bits()), is_whole)
    }

    #[test]
    fn all_are_well() {
        assert_eq!(meeting(&[Vote::Whole, Vote::Whole], true), Verdict::Whole);
    }

    #[test]
    fn a_loss_is_for_all_to_know() {
        assert_eq!(meeting(&[Vote::Whole, Vote::Whole], false), Verdict::Again, "MPI knows");
        assert_eq!(meeting(&[Vote::Whole, Vote::Lost], true), Verdict::Again, "one rank knows");
        assert_eq!(meeting(&[Vote::Lost, Vote::Lost], false), Verdict::GoOn);
        assert_eq!(meeting(&[Vote::Lost, Vote::Lost], true), Verdict::GoOn, "all of them have acknowledged it");
    }

    #[test]
    fn what_is_reported_is_not_reported_again() {
        assert_eq!(meeting(&[Vote::Ended(0), Vote::Lost], false), Verdict::Leave(0));
        assert_eq!(meeting(&[Vote::Ended(75), Vote::Ended(75)], true), Verdict::Leave(75));
    }

    #[test]
    fn a_fault_ends_it_for_all() {
        for others in [Vote::Whole, Vote::Lost, Vote::Ended(0)] {
            assert_eq!(meeting(&[others, Vote::Fatal(1), others], true), Verdict::Leave(1));
        }
    }

    fn member(rank: u64) -> Member {
        Member { rank, host: format!("nid{rank}") }
    }

    #[test]
    fn numbers_move_up_and_first_numbers_stay() {
        let all: Vec<Member> = (0..5).map(member).collect();
        let (here, missing) = parted(&all, &[1, 2, 4]);
        assert_eq!((here.clone(), missing), (vec![member(1), member(2), member(4)], vec![member(0), member(3)]));
        let (here, missing) = parted(&here, &[0, 2]);
        assert_eq!((here, missing), (vec![member(1), member(4)], vec![member(2)]));
    }
}
