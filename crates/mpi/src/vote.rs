//! What the living ranks decide when they vote: after a loss, or before a step that cannot be
//! undone. Pure.
//!
//! Every voter sets bits, and all get the bits that any of them has set (`MPIX_Comm_agree`). The
//! n-th vote of one rank is the n-th of every other, wherever each of them is in the program. So a
//! rank that wants to continue without the dead may vote together with one that is about to report,
//! or that has finished. The bits say so, and every rank reaches the same decision.

use super::losses::Member;

/// The state of a rank when it votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    /// It runs, and knows of no loss.
    NoLoss,
    /// It knows of a loss, and wants to continue without the dead.
    Lost,
    /// The command has ended with this exit code, and everything is reported.
    Ended(u8),
    /// It cannot continue, and no rank may: the job ends with this exit code.
    Fatal(u8),
}

/// The result of a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// All ranks are alive.
    AllAlive,
    /// A rank failed and a voter had not noticed: vote again.
    VoteAgain,
    /// A rank failed, and all living ranks want to continue without it.
    Continue,
    /// The command has ended: all leave with this exit code.
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
            Vote::NoLoss => ELSEWHERE,
            Vote::Lost => LOST,
            Vote::Ended(code) | Vote::Fatal(code) => OVER | u32::from(code),
        }
    }
}

impl Decision {
    /// Decides from the bits that any rank has set, and from whether MPI reports all ranks alive.
    pub fn new(bits: u32, all_alive: bool) -> Decision {
        match (bits & OVER != 0, all_alive && bits & LOST == 0, bits & ELSEWHERE != 0) {
            // Two codes at once: one of them is that of a fault, and so is their bitwise OR.
            (true, _, _) => Decision::Leave((bits & CODE) as u8),
            (false, true, _) => Decision::AllAlive,
            (false, false, true) => Decision::VoteAgain,
            (false, false, false) => Decision::Continue,
        }
    }
}

/// Splits `before` into those whose rank is in `numbers`, in that order, and the others.
pub fn partition(before: &[Member], numbers: &[usize]) -> (Vec<Member>, Vec<Member>) {
    let alive = numbers.iter().filter_map(|&number| before.get(number).cloned()).collect();
    let missing = before.iter().enumerate().filter(|(number, _)| !numbers.contains(number));
    (alive, missing.map(|(_, member)| member.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meeting(votes: &[Vote], all_alive: bool) -> Decision {
        Decision::new(votes.iter().fold(0, |bits, vote| bits | vote.bits()), all_alive)
    }

    #[test]
    fn all_are_well() {
        assert_eq!(meeting(&[Vote::NoLoss, Vote::NoLoss], true), Decision::AllAlive);
    }

    #[test]
    fn a_loss_is_for_all_to_know() {
        assert_eq!(meeting(&[Vote::NoLoss, Vote::NoLoss], false), Decision::VoteAgain, "MPI knows");
        assert_eq!(meeting(&[Vote::NoLoss, Vote::Lost], true), Decision::VoteAgain, "one rank knows");
        assert_eq!(meeting(&[Vote::Lost, Vote::Lost], false), Decision::Continue);
        assert_eq!(meeting(&[Vote::Lost, Vote::Lost], true), Decision::Continue, "all of them have acknowledged it");
    }

    #[test]
    fn what_is_reported_is_not_reported_again() {
        assert_eq!(meeting(&[Vote::Ended(0), Vote::Lost], false), Decision::Leave(0));
        assert_eq!(meeting(&[Vote::Ended(75), Vote::Ended(75)], true), Decision::Leave(75));
    }

    #[test]
    fn a_fault_ends_it_for_all() {
        for others in [Vote::NoLoss, Vote::Lost, Vote::Ended(0)] {
            assert_eq!(meeting(&[others, Vote::Fatal(1), others], true), Decision::Leave(1));
        }
    }

    fn member(rank: u64) -> Member {
        Member { rank, host: format!("nid{rank}") }
    }

    #[test]
    fn numbers_move_up_and_first_numbers_stay() {
        let all: Vec<Member> = (0..5).map(member).collect();
        let (alive, missing) = partition(&all, &[1, 2, 4]);
        assert_eq!((alive.clone(), missing), (vec![member(1), member(2), member(4)], vec![member(0), member(3)]));
        let (alive, missing) = partition(&alive, &[0, 2]);
        assert_eq!((alive, missing), (vec![member(1), member(4)], vec![member(2)]));
    }
}
