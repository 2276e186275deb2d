//! The base of a restart after a loss: every rank's own ledger, and the base of the first attempt.
//!
//! After a loss, the remaining ranks run the job again. They resume from the union of two parts:
//! what was done before the first attempt, and what each living rank has done since, in any
//! attempt. These are disjoint, since only holes of that union are ever handed out; the work of a
//! dead rank is a hole again. So rank 0 has no special role, and no checkpoint is needed. A
//! checkpoint is read once, before the first attempt, and only written from then on.

use crate::error::{Result, fault};
use crate::record;
use crate::replay_log::{Slot, replayed};
use crate::transport::{ROOT, Transport};
use crate::{Boundaries, Ledger, Overlap, Tally};

/// The base of an attempt. `base` was done before the first one, `owns` by the living ranks since.
///
/// # Errors
/// [`Overlap`] when two of them have the same block: a fault of the program.
pub fn union<T: Tally>(
    base: Ledger<T>,
    owns: impl IntoIterator<Item = Ledger<T>>,
) -> std::result::Result<Ledger<T>, Overlap> {
    owns.into_iter().try_fold(base, |mut union, own| {
        union.absorb(own)?;
        Ok(union)
    })
}

/// One rank's part of a job that may restart.
pub(crate) struct Restart<T> {
    /// At the root: the base of the attempt.
    pub(crate) done: Ledger<T>,
    /// Where losses are survived: what this rank has done in earlier attempts, and where to keep
    /// its ledger when this attempt ends.
    pub(crate) own: Option<(Ledger<T>, Slot)>,
}

impl<T: Tally> Restart<T> {
    /// Begins an attempt, at the root from `done` if it is the first. Every rank must call it.
    ///
    /// # Errors
    /// [`Lost`](crate::Error::Lost); [`Fault`](crate::Error::Fault).
    pub(crate) fn begin(transport: &dyn Transport, done: Ledger<T>, boundaries: Boundaries) -> Result<Restart<T>> {
        let Some(log) = transport.replay_log() else {
            return Ok(Restart { done: cut_at(done, boundaries)?, own: None });
        };
        let base = replayed(transport, log, || Result::Ok((transport.rank() == ROOT).then_some(done)))?;
        let (slot, own) = log.next()?;
        let own = own.unwrap_or_else(|| Ledger::with_boundaries(boundaries.clone()));
        let owns = transport.gather(record::encode(&own)?)?.unwrap_or_default();
        let owns = owns.iter().map(|bytes| record::decode(bytes)).collect::<Result<Vec<Ledger<T>>>>()?;
        let done = union(cut_at(base, boundaries)?, owns).map_err(fault)?;
        Ok(Restart { done, own: Some((own, slot)) })
    }
}

/// The same ledger with these boundaries, before anything is added to it: a span that crosses one
/// is useless for a longer job. A ledger without boundaries has no such span: it is new, or was
/// made for a shorter job.
fn cut_at<T: Tally>(ledger: Ledger<T>, boundaries: Boundaries) -> Result<Ledger<T>> {
    let mut cut = Ledger::with_boundaries(boundaries);
    cut.absorb(ledger).map_err(fault)?;
    Ok(cut)
}

#[cfg(all(test, feature = "simulated"))]
mod tests {
    use super::*;
    use crate::Span;
    use crate::simulated::{self, RankEnd, RunPlan};

    #[test]
    fn work_of_living_ranks_does_not_merge_across_a_boundary() {
        let plan = RunPlan { survives: true, ..RunPlan::new(2, 1) };
        let boundaries = Boundaries::at(Some(5));
        let end = simulated::run(&plan, |rank| {
            let log = rank.replay_log().expect("losses are survived");
            let (mut own, slot) =
                Restart::begin(&**rank, Ledger::new(), boundaries.clone()).expect("all live").own.expect("kept");
            let span = if rank.rank() == ROOT { Span::new(0, 5) } else { Span::new(5, 9) };
            own.record(span, ()).expect("new");
            log.put(slot, &own).expect("encoded");
            log.rewind();
            let again = Restart::<()>::begin(&**rank, Ledger::new(), boundaries.clone()).expect("all live");
            rank.flush(None).expect("all live");
            again.done.spans().map(|(span, ())| span).collect::<Vec<_>>()
        });
        assert_eq!(end.ranks[0], RankEnd::Returned(vec![Span::new(0, 5), Span::new(5, 9)]));
    }
}
