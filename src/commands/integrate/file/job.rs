//! The job of `integrate file`: the blocks of all lines, as one job of the engine.
//!
//! Stands beside the jobs of one integral: each of them is asked here for the blocks of its own
//! line (`methods`), in the order of `layout`. So ranks share all lines evenly, and checkpoints,
//! shards and restarts are those of any job. If lines train, it is an [`Adaptive`] job: its stages
//! are those of all lines together, its adaptation is the list of theirs.
//!
//! A line's own job is made when it is needed, in some microseconds: compiled expressions, maps and
//! boxes have kilobytes. A rank keeps the jobs of the last few lines that it has met.
//!
//! Memory: about 1 KiB a line on each rank, with its tally at the root (`tally`).

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::layout::BlockLayout;
use super::tally::{LineTally, ManyTally};
use crate::commands::integrate::args::Samples;
use crate::commands::integrate::entries;
use crate::commands::integrate::methods::{AnyAdaptation, AnyJob, AnySampler};
use crate::commands::integrate::problem::Problem;
use crate::error::{Error, Result};
use crate::isa::Isa;
use crate::job::rounds::{Adaptive, Shorten};
use crate::job::{Identity, Job, PrefixEnds, Span, Tally, YieldNow, record};

/// Lines whose samplers a rank keeps: it meets a few at a time, in order.
const KEPT: usize = 4;

/// One line: what it says, from which its job can be made at any time.
pub(super) struct LineProblem {
    /// Its number in the file, from 1.
    pub(super) line: u64,
    /// The same as a command, without the engine's options.
    pub(super) options: Samples,
    pub(super) isa: Isa,
    /// What all ranks have loaded together: a compiled function.
    pub(super) loaded: Option<Problem>,
}

impl LineProblem {
    /// Its own job before any training.
    ///
    /// # Panics
    /// If the line makes no integrand: that was checked before.
    pub(super) fn job(&self) -> AnyJob {
        let made = || {
            let entry = self.options.entry().expect("in the list");
            let made = entries::make_alone(entry, &self.options.parameters).expect("checked when the line was read");
            Problem::of(made, &self.options, self.isa, Vec::new()).expect("checked when the line was read")
        };
        let problem = self.loaded.as_ref().map_or_else(made, |problem| problem.with_samples(problem.samples));
        AnyJob::new(problem, self.options.common.training())
    }
}

/// The job: blocks of training of the lines that train, stage by stage, and those that count.
#[derive(Clone)]
pub(super) struct ManyIntegralsJob {
    lines: Rc<[LineProblem]>,
    layout: Rc<BlockLayout>,
    blocks_of_lines: Rc<[u64]>,
    /// Everything that the blocks depend on.
    kind: Rc<str>,
    words: Rc<[String]>,
    grain: u64,
    blocks: u64,
    /// What the blocks of this stage depend on, by line.
    adaptations: Rc<BTreeMap<u32, AnyAdaptation>>,
}

impl ManyIntegralsJob {
    /// The job of these lines, of a command with these words.
    ///
    /// # Errors
    /// [`Error::Usage`] if all lines together have more than 2^64 - 1 blocks.
    pub(super) fn new(lines: Vec<LineProblem>, words: &[String]) -> Result<ManyIntegralsJob> {
        let mut hasher = blake3::Hasher::new();
        let (mut shapes, mut grain) = (Vec::new(), u64::MAX);
        for line in &lines {
            let job = line.job();
            grain = grain.min(job.grain());
            hasher.update(&record::encode(&job.identity()).map_err(|error| Error::Run(error.to_string()))?);
            shapes.push((job.stages(), job.blocks()));
        }
        let too_many = || Error::Usage("all lines together take too many samples: more than 2^64 blocks".to_owned());
        let layout = BlockLayout::new(&shapes).ok_or_else(too_many)?;
        // One item: a file that has been changed differs in it, and messages then show it.
        let kind = format!("integrate file, {} integrals with BLAKE3 hash {}", lines.len(), hasher.finalize().to_hex());
        Ok(ManyIntegralsJob {
            lines: lines.into(),
            blocks: layout.blocks(),
            layout: Rc::new(layout),
            blocks_of_lines: shapes.iter().map(|(_, blocks)| *blocks).collect(),
            kind: kind.into(),
            words: words.into(),
            grain: grain.max(1),
            adaptations: Rc::default(),
        })
    }

    /// The lines, in order.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u32, &LineProblem)> {
        (0..).zip(&*self.lines)
    }

    /// Blocks of the whole job.
    pub(super) fn all_blocks(&self) -> u64 {
        self.layout.blocks()
    }

    /// Blocks of a line.
    pub(super) fn blocks_of(&self, line: u32) -> u64 {
        self.blocks_of_lines[line as usize]
    }

    /// Whether a line trains.
    pub(super) fn is_trained(&self) -> bool {
        !self.layout.stages().is_empty()
    }

    /// The tally of blocks of one line. Its first block tests the first samples as well: what a
    /// command of one integral does before the work.
    fn line_tally(
        &self,
        (line, own): (u32, Span),
        samplers: &mut RecentLines,
        yield_now: YieldNow<'_>,
    ) -> ControlFlow<(), LineTally> {
        let (job, sampler) = samplers.of(line, || self.lines[line as usize].job().adapted(self.adaptations.get(&line)));
        let sums = job.compute(own, sampler, yield_now)?;
        let has_failed = own.first == 0 && job.problem().precheck().is_err();
        ControlFlow::Continue(LineTally::new(own.len(), has_failed, sums))
    }

    /// What is wrong with the tally of a line.
    fn check_line(&self, line: u32, own: Span, tally: &LineTally) -> std::result::Result<(), String> {
        if tally.blocks != own.len() || tally.has_failed && own.first > 0 {
            return Err("a line has other blocks".to_owned());
        }
        let sums = tally.sums().ok_or("the sums of a line are damaged")?;
        self.lines[line as usize].job().check(own, &sums)
    }
}

/// The samplers of the lines that a rank has met last, with their jobs.
#[derive(Default)]
pub(super) struct RecentLines(VecDeque<(u32, AnyJob, AnySampler)>);

impl RecentLines {
    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// That of a line, which `job` makes if it is not kept.
    fn of(&mut self, line: u32, job: impl FnOnce() -> AnyJob) -> (&AnyJob, &mut AnySampler) {
        let found = self.0.iter().position(|(kept, ..)| *kept == line);
        let recent = found.and_then(|place| self.0.remove(place)).unwrap_or_else(|| {
            let job = job();
            let sampler = job.workspace();
            (line, job, sampler)
        });
        self.0.truncate(KEPT - 1);
        self.0.push_front(recent);
        let (_, job, sampler) = &mut self.0[0];
        (job, sampler)
    }
}

impl Job for ManyIntegralsJob {
    type Tally = ManyTally;
    type Workspace = RecentLines;

    fn blocks(&self) -> u64 {
        self.blocks
    }

    fn identity(&self) -> Option<Identity> {
        Some(Identity { words: self.words.to_vec(), ..Identity::new(&*self.kind, self.blocks) })
    }

    fn resumption_advice(&self, theirs: &Identity) -> Option<String> {
        let is_alike = theirs.kind.starts_with("integrate file, ");
        is_alike.then(|| {
            "the lines of FILE, or the defaults after it, are others now: what they compute differs".to_owned()
        })
    }

    fn check(&self, span: Span, tally: &ManyTally) -> std::result::Result<(), String> {
        let expected = self.layout.lines(span);
        if !tally.lines().map(|(line, _)| line).eq(expected.keys().copied()) {
            return Err("it is of other lines".to_owned());
        }
        tally.lines().zip(expected.values()).try_for_each(|((line, tally), &own)| {
            let which = self.lines[line as usize].line;
            self.check_line(line, own, tally).map_err(|why| format!("line {which}: {why}"))
        })
    }

    fn prefix_ends(&self) -> PrefixEnds {
        if self.is_trained() { PrefixEnds::At(self.layout.stages().to_vec()) } else { PrefixEnds::None }
    }

    fn grain(&self) -> u64 {
        self.grain
    }

    fn workspace(&self) -> RecentLines {
        RecentLines::default()
    }

    fn compute(&self, span: Span, samplers: &mut RecentLines, yield_now: YieldNow<'_>) -> ControlFlow<(), ManyTally> {
        let mut total = ManyTally::default();
        for part in self.layout.parts(span) {
            let tally = self.line_tally(part, samplers, yield_now)?;
            total.merge(ManyTally::of_line(part.0, tally));
        }
        ControlFlow::Continue(total)
    }
}

impl Shorten for ManyIntegralsJob {
    fn shortened(&self, blocks: u64) -> ManyIntegralsJob {
        ManyIntegralsJob { blocks: blocks.min(self.blocks), ..self.clone() }
    }
}

impl Adaptive for ManyIntegralsJob {
    type Adaptation = BTreeMap<u32, AnyAdaptation>;

    fn stages(&self) -> Vec<u64> {
        self.layout.stages().to_vec()
    }

    /// Of the lines that have blocks behind these stages: all of them behind the last one.
    fn adapt(&self, before: &[(Span, &ManyTally)]) -> BTreeMap<u32, AnyAdaptation> {
        let Some(next) = before.last().map(|(span, _)| span.end) else { return BTreeMap::new() };
        let stages = self.layout.stages();
        let end = stages.iter().copied().find(|&end| end > next).unwrap_or(self.layout.blocks());
        let lines = self.layout.lines(Span::new(next, end));
        let adaptation = |line: u32| {
            let sums = |&(span, tally): &(Span, &ManyTally)| Some((span, tally.line(line)?.sums()?));
            let own = before.iter().filter_map(sums).collect();
            Some((line, self.lines[line as usize].job().adapt(own)?))
        };
        lines.into_keys().filter_map(adaptation).collect()
    }

    fn adapted(self, adaptations: BTreeMap<u32, AnyAdaptation>) -> ManyIntegralsJob {
        ManyIntegralsJob { adaptations: Rc::new(adaptations), ..self }
    }
}
