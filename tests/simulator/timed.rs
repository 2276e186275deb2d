//! A simulated cluster with a clock: how long a job takes on ranks that nobody has.
//!
//! Stands beside `world`, whose times are random because only the answer matters there. Here messages, the root's answers, the ledgers and
//! the kernels take the times that `scaling --predict` was given, `Manager`, `Worker`, `Dealer` and `Ledger` are the engine's own, and
//! ranks look after their messages when the engine does: every half millisecond of a kernel, and before they wait.
//!
//! Cost: O(log ranks) for each deal; 1 s for a million of them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use montesieve::job::manager::{Action, Event, Manager};
use montesieve::job::worker::Worker;
use montesieve::job::{Dealer, Ledger, Schedule, Seams, Span};
use montesieve::scaling::predict::{Costs, REACTION};

/// One run.
#[derive(Clone, Debug)]
pub struct Setup {
    pub ranks: u64,
    pub schedule: Schedule,
    pub chunk: u64,
    pub costs: Costs,
    /// Seconds for each block.
    pub blocks: Vec<f64>,
}

/// What the root does.
#[derive(Clone, Copy, PartialEq)]
enum Root {
    /// Nothing: it has nothing in hand and nobody has asked.
    Rests,
    /// Answers the first of those that have asked.
    Answers,
    /// Computes for as long as it leaves its messages alone.
    Computes,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    /// A question arrives at the root.
    Question(u64),
    /// An answer arrives; none: nothing more.
    Answer(u64, Option<(u64, u64)>),
    /// A rank has finished what it has in hand.
    Finished(u64),
    /// A rank that computes looks up and may ask.
    LooksUp(u64),
    /// The root is through with what it did.
    RootIsThrough,
}

pub struct Timed {
    setup: Setup,
    /// Nanoseconds from block 0 to each block.
    upto: Vec<u64>,
    agenda: BinaryHeap<Reverse<(u64, u64, Happening)>>,
    planned: u64,
    now: u64,
    manager: Manager<()>,
    workers: Vec<Worker<()>>,
    /// What each rank is computing.
    hand: Vec<Option<Span>>,
    questions: VecDeque<u64>,
    root: Root,
    /// Of the root's piece.
    left: u64,
    slice: u64,
}

fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}

impl Timed {
    pub fn new(setup: Setup) -> Timed {
        let holes = [Span::new(0, setup.blocks.len() as u64)];
        let dealer = Dealer::new(setup.schedule, &holes, setup.ranks, setup.chunk, None);
        let mut manager = Manager::new(Ledger::new(), dealer, None);
        let workers: Vec<_> =
            manager.first_spans(setup.ranks).into_iter().map(|span| Worker::new(span, Seams::default())).collect();
        let mut seconds = 0.0;
        let sums = setup.blocks.iter().map(|block| {
            seconds += block;
            nanoseconds(seconds)
        });
        Timed {
            upto: std::iter::once(0).chain(sums).collect(),
            agenda: BinaryHeap::new(),
            planned: 0,
            now: 0,
            manager,
            hand: vec![None; workers.len()],
            workers,
            questions: VecDeque::new(),
            root: Root::Rests,
            left: 0,
            slice: 0,
            setup,
        }
    }

    /// Seconds of the whole job.
    pub fn seconds(mut self) -> f64 {
        self.root_goes_on();
        (1..self.setup.ranks).for_each(|rank| self.goes_on(rank));
        while let Some(Reverse((time, _, happening))) = self.agenda.pop() {
            self.now = time;
            match happening {
                Happening::Question(rank) => {
                    self.questions.push_back(rank);
                    if self.root == Root::Rests {
                        self.root_goes_on();
                    }
                }
                Happening::Answer(rank, span) => {
                    self.told(rank, span);
                    if self.hand[rank as usize].is_none() {
                        self.goes_on(rank);
                    }
                }
                Happening::Finished(rank) => {
                    self.finish(rank);
                    self.goes_on(rank);
                }
                Happening::LooksUp(rank) => self.ask(rank),
                Happening::RootIsThrough => self.root_is_through(),
            }
        }
        assert!(self.workers.iter().all(Worker::is_finished), "a rank waits for ever: {:?}", self.setup.schedule);
        let trees = self.depth() * 3.0 * self.setup.costs.message;
        self.now as f64 * 1e-9 + trees + self.reduction()
    }

    fn depth(&self) -> f64 {
        (self.setup.ranks as f64).log2().ceil()
    }

    fn plan(&mut self, after: u64, happening: Happening) {
        self.planned += 1;
        self.agenda.push(Reverse((self.now + after, self.planned, happening)));
    }

    fn time(&self, span: Span) -> u64 {
        self.upto[span.end as usize] - self.upto[span.first as usize]
    }

    fn ask(&mut self, rank: u64) {
        if self.workers[rank as usize].asks() {
            self.plan(nanoseconds(self.setup.costs.message), Happening::Question(rank));
        }
    }

    fn told(&mut self, rank: u64, span: Option<(u64, u64)>) {
        match span {
            Some((first, end)) => self.workers[rank as usize].given(Span::new(first, end)),
            None => self.workers[rank as usize].no_more(),
        }
    }

    fn finish(&mut self, rank: u64) {
        let piece = self.hand[rank as usize].take().expect("it computes");
        self.workers[rank as usize].finished(piece, ()).expect("disjoint");
    }

    /// Any rank but the root, with empty hands: asks, and begins with what it has.
    fn goes_on(&mut self, rank: u64) {
        self.ask(rank);
        if let Some(piece) = self.workers[rank as usize].piece(u64::MAX) {
            self.hand[rank as usize] = Some(piece);
            let time = self.time(piece);
            // Within a kernel it looks up now and then; a shorter one is over before that.
            if time > nanoseconds(REACTION) {
                self.plan(nanoseconds(REACTION), Happening::LooksUp(rank));
            }
            self.plan(time, Happening::Finished(rank));
        }
    }

    /// The root: answers whoever has asked, then computes a little, then looks again.
    fn root_goes_on(&mut self) {
        if !self.questions.is_empty() {
            self.root = Root::Answers;
            return self.plan(nanoseconds(self.setup.costs.answer), Happening::RootIsThrough);
        }
        if self.workers[0].asks() {
            self.decide(0);
        }
        if self.hand[0].is_none() {
            self.hand[0] = self.workers[0].piece(u64::MAX);
            self.left = self.hand[0].map_or(0, |piece| self.time(piece));
        }
        self.root = if self.hand[0].is_some() { Root::Computes } else { Root::Rests };
        if self.root == Root::Computes {
            self.slice = self.left.min(nanoseconds(REACTION));
            self.plan(self.slice, Happening::RootIsThrough);
        }
    }

    fn root_is_through(&mut self) {
        match self.root {
            Root::Answers => {
                let rank = self.questions.pop_front().expect("somebody asked");
                self.decide(rank);
            }
            Root::Computes => {
                self.left -= self.slice;
                if self.left == 0 {
                    self.finish(0);
                }
            }
            Root::Rests => unreachable!("it did nothing"),
        }
        self.root_goes_on();
    }

    fn decide(&mut self, asking: u64) {
        let mut actions = Vec::new();
        self.manager.handle(Event::Asked(asking), &mut actions).expect("a question");
        for action in actions {
            let (rank, span) = match action {
                Action::Give(rank, span) => (rank, Some((span.first, span.end))),
                Action::NoMore(rank) => (rank, None),
                Action::StopAll => unreachable!("nobody stops"),
            };
            match rank {
                0 => self.told(0, span),
                _ => self.plan(nanoseconds(self.setup.costs.message), Happening::Answer(rank, span)),
            }
        }
    }

    /// The ledgers go up a binomial tree, as in `Cluster::reduce`; checks that every block is there.
    fn reduction(&mut self) -> f64 {
        let Costs { message, span, .. } = self.setup.costs;
        let mut ledgers: Vec<(f64, Ledger<()>)> =
            self.workers.iter_mut().map(|worker| (0.0, worker.take_unreported())).collect();
        let mut distance = 1;
        while distance < ledgers.len() {
            for lower in (0..ledgers.len() - distance).step_by(2 * distance) {
                let (ready, upper) = std::mem::take(&mut ledgers[lower + distance]);
                let spans = upper.spans().count() as f64;
                let (at, ledger) = &mut ledgers[lower];
                *at = at.max(ready) + message + span * spans;
                ledger.absorb(upper).expect("disjoint");
            }
            distance *= 2;
        }
        assert_eq!(ledgers[0].1.done(), self.setup.blocks.len() as u64, "every block once");
        ledgers[0].0
    }
}
