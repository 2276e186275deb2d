//! A simulated cluster: events in time order, one seed.
//!
//! The network may be worse than MPI's: with [`Setup::is_bad`] messages come twice and overtake each other. What the engine then refuses (a block
//! that is there already) is refused for good; what is a hole in the end is the next round, as it is after deaths.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use montesieve::job::manager::{Action, Event, Manager, Window};
use montesieve::job::survival::union;
use montesieve::job::worker::Worker;
use montesieve::job::{Dealer, Ledger, Overlap, Schedule, Seams, Span, Tally};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// Whether tallies are reduced in the end or delivered on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Any,
    Delivered,
}

/// One world.
#[derive(Clone, Debug)]
pub struct Setup {
    pub seed: u64,
    pub ranks: u64,
    pub blocks: u64,
    pub schedule: Schedule,
    pub chunk: Option<u64>,
    pub order: Order,
    /// The moment of a stop.
    pub stop_at: Option<u64>,
    /// How many ranks die, at random moments.
    pub deaths: u64,
    /// Whether messages come twice and overtake each other.
    pub is_bad: bool,
}

/// What it came to.
#[derive(Debug, PartialEq)]
pub struct End {
    /// How often each block was computed, by ranks that are alive in the end.
    pub computed: Vec<u32>,
    /// How often a block was computed that a living rank had done already.
    pub in_vain: u64,
    /// How often the job began again.
    pub attempts: u64,
    /// What the engine refused, because it was there already.
    pub refused: u64,
    pub total: Option<Affine>,
    pub done: u64,
    /// Most blocks that the root held undelivered, and what the window allows.
    pub most_held: u64,
    pub window: u64,
}

/// The tally of the tests: a composition of maps x -> a x + b. Associative, exact and not commutative, so that both a
/// lost or doubled block and a wrong order show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affine {
    a: u64,
    b: u64,
}

impl Affine {
    fn of(block: u64) -> Affine {
        Affine { a: 2 * block + 3, b: block.wrapping_mul(0x9E37_79B9_7F4A_7C15) }
    }

    fn of_span(span: Span) -> Affine {
        let mut total = Affine::of(span.first);
        (span.first + 1..span.end).for_each(|block| total.merge(Affine::of(block)));
        total
    }
}

impl Tally for Affine {
    fn merge(&mut self, next: Affine) {
        *self = Affine { a: self.a.wrapping_mul(next.a), b: self.b.wrapping_mul(next.a).wrapping_add(next.b) };
    }
}

/// What one rank computes for all blocks.
pub fn exact_total(blocks: u64) -> Affine {
    Affine::of_span(Span::new(0, blocks))
}

#[derive(Clone, Debug)]
enum Message {
    Ask,
    Report(Ledger<Affine>),
    Give(Span),
    NoMore,
    Stop,
}

#[derive(Debug)]
enum Happening {
    /// A message arrives.
    Arrival { from: u64, to: u64, message: Message },
    /// A rank's kernel has finished a piece.
    Finished { rank: u64, piece: Span },
    /// Somebody asks the root to stop.
    StopAsked,
    /// A rank dies, and maybe others with it.
    Death,
}

type Started = (Manager<Affine>, Vec<Worker<Affine>>, u64);

/// What every rank has at the beginning of an attempt, and the window.
fn begin(setup: &Setup, seams: Seams, done: Ledger<Affine>, owns: Vec<Option<Ledger<Affine>>>) -> Started {
    let holes = done.holes(Span::new(0, setup.blocks));
    let left = holes.iter().map(|hole| hole.len()).sum::<u64>();
    let chunk = setup.chunk.unwrap_or_else(|| setup.schedule.auto_chunk(left, setup.ranks, 1));
    let length = 4 * setup.ranks * chunk;
    let in_order = setup.order == Order::Delivered;
    let dealer = Dealer::new(setup.schedule, &holes, setup.ranks, chunk, in_order.then_some(length / 2));
    let mut manager = Manager::new(done, dealer, in_order.then_some(Window::new(length)));
    let firsts = manager.first_spans(setup.ranks).into_iter().zip(owns);
    let workers = firsts.map(|(span, own)| Worker::new(span, seams).keeping(own)).collect();
    (manager, workers, if in_order { length } else { u64::MAX })
}

pub struct World {
    setup: Setup,
    random: Xoshiro256PlusPlus,
    now: u64,
    happenings: BTreeMap<u64, Happening>,
    agenda: BinaryHeap<Reverse<(u64, u64)>>,
    count: u64,
    manager: Manager<Affine>,
    /// What was done before the first attempt.
    base: Ledger<Affine>,
    workers: Vec<Worker<Affine>>,
    /// Which blocks each of the living has done.
    owners: Vec<Vec<u64>>,
    deaths: u64,
    busy: Vec<bool>,
    /// Slow ranks and fast ranks: time for a block.
    pace: Vec<u64>,
    /// Arrival of the last message from the root to a rank, and from a rank to the root: order within a pair holds.
    last: [Vec<u64>; 2],
    delivered: Option<Affine>,
    window: u64,
    end: End,
}

impl World {
    pub fn new(setup: Setup) -> World {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(setup.seed);
        let ranks = setup.ranks as usize;
        let pace = (0..ranks).map(|_| 1 + random.next_u64() % 50).collect();
        let in_order = setup.order == Order::Delivered;
        // Every other world keeps its last block apart, as a job does whose last block is short.
        let at = (setup.seed % 2 == 1 && !in_order).then(|| setup.blocks.saturating_sub(1));
        let seams = Seams { at, at_powers: setup.seed % 3 == 1 && !in_order };
        let base = Ledger::with_seams(seams);
        let survives = setup.deaths > 0 || setup.is_bad;
        let owns = (0..ranks).map(|_| survives.then(|| base.clone())).collect();
        let (manager, workers, window) = begin(&setup, seams, base.clone(), owns);
        World {
            now: 0,
            happenings: BTreeMap::new(),
            agenda: BinaryHeap::new(),
            count: 0,
            manager,
            base,
            workers,
            owners: vec![Vec::new(); ranks],
            deaths: setup.deaths,
            busy: vec![false; ranks],
            pace,
            last: [vec![0; ranks], vec![0; ranks]],
            delivered: None,
            window,
            end: End {
                computed: vec![0; setup.blocks as usize],
                in_vain: 0,
                attempts: 0,
                refused: 0,
                total: None,
                done: 0,
                most_held: 0,
                window: 0,
            },
            random,
            setup,
        }
    }

    pub fn run(mut self) -> End {
        if let Some(at) = self.setup.stop_at {
            self.plan(at, Happening::StopAsked);
        }
        while !self.attempt() {}
        self.deliver();
        for block in self.owners.iter().flatten() {
            self.end.computed[*block as usize] += 1;
        }
        self.end.done = self.manager.done();
        self.end.window = self.window;
        self.end.total = match self.setup.order {
            Order::Any => self.manager.into_ledger().into_total(),
            Order::Delivered => self.delivered,
        };
        self.end
    }

    /// Until nothing happens any more; whether the job is over.
    fn attempt(&mut self) -> bool {
        self.end.attempts += 1;
        if self.deaths > 0 {
            let at = self.now + self.random.next_u64() % (self.setup.blocks * 30 / self.workers.len() as u64 + 100);
            self.plan(at, Happening::Death);
        }
        (0..self.workers.len() as u64).for_each(|rank| self.attend(rank));
        while let Some(Reverse((time, id))) = self.agenda.pop() {
            self.now = time;
            match self.happenings.remove(&id).expect("planned") {
                Happening::Arrival { from, to, message } => self.arrival(from, to, message),
                Happening::Finished { rank, piece } => self.finished(rank, piece),
                Happening::StopAsked => self.decide(Event::Stop),
                Happening::Death => {
                    self.begin_again(true);
                    return false;
                }
            }
        }
        let is_bad = self.setup.is_bad;
        assert!(is_bad || self.workers.iter().all(Worker::is_finished), "a rank waits for ever: {:?}", self.setup);
        // The barrier is passed: what was not reported is reduced.
        for rank in 0..self.workers.len() {
            let unreported = self.workers[rank].take_unreported();
            self.decide(Event::Reported(unreported));
        }
        // What is a hole now is the next round.
        let is_over = !is_bad || self.manager.ledger().covers(Span::new(0, self.setup.blocks));
        if !is_over {
            self.begin_again(false);
        }
        is_over
    }

    /// The living come together: nothing that was on its way arrives, and they begin from what each of them has done.
    fn begin_again(&mut self, dies: bool) {
        self.agenda.clear();
        self.happenings.clear();
        let dying = if dies { (1 + self.random.next_u64() % 3).min(self.deaths) } else { 0 };
        for _ in 0..dying {
            if self.workers.len() > 1 {
                // Any of them, the root as well.
                let rank = (self.random.next_u64() % self.workers.len() as u64) as usize;
                self.workers.remove(rank);
                self.owners.remove(rank);
                self.pace.remove(rank);
            }
            self.deaths -= 1;
        }
        let ranks = self.workers.len();
        self.setup.ranks = ranks as u64;
        self.busy = vec![false; ranks];
        self.last = [vec![self.now; ranks], vec![self.now; ranks]];
        let owns: Vec<_> = self.workers.iter().map(|worker| worker.own().cloned()).collect();
        let done =
            union(self.base.clone(), owns.iter().flatten().cloned()).expect("no block is done by two of the living");
        let at = (self.setup.seed % 2 == 1).then(|| self.setup.blocks.saturating_sub(1));
        let seams = Seams { at, at_powers: self.setup.seed % 3 == 1 };
        (self.manager, self.workers, _) = begin(&self.setup, seams, done, owns);
    }

    fn plan(&mut self, time: u64, happening: Happening) {
        self.count += 1;
        self.happenings.insert(self.count, happening);
        self.agenda.push(Reverse((time, self.count)));
    }

    /// Sends with a random delay, mostly short, sometimes very long; never overtaking within the pair, unless the network is bad.
    fn send(&mut self, from: u64, to: u64, message: Message) {
        let delay = match self.random.next_u64() % 20 {
            0 => self.random.next_u64() % 5000,
            _ => self.random.next_u64() % 20,
        };
        let last = if from == 0 { &mut self.last[0][to as usize] } else { &mut self.last[1][from as usize] };
        let mut time = self.now + 1 + delay;
        if !self.setup.is_bad {
            time = time.max(*last);
            *last = time;
        } else if self.random.next_u64().is_multiple_of(8) {
            let (again, message) = (time + self.random.next_u64() % 300, message.clone());
            self.plan(again, Happening::Arrival { from, to, message });
        }
        self.plan(time, Happening::Arrival { from, to, message });
    }

    fn arrival(&mut self, from: u64, to: u64, message: Message) {
        match message {
            Message::Ask => self.decide(Event::Asked(from)),
            Message::Report(ledger) => self.decide(Event::Reported(ledger)),
            Message::Give(span) => self.workers[to as usize].given(span),
            Message::NoMore => self.workers[to as usize].no_more(),
            Message::Stop => self.workers[to as usize].stop(),
        }
        self.attend(to);
    }

    fn finished(&mut self, rank: u64, piece: Span) {
        self.busy[rank as usize] = false;
        match self.workers[rank as usize].finished(piece, Affine::of_span(piece)) {
            Ok(()) => {
                for block in piece.first..piece.end {
                    self.end.in_vain +=
                        u64::from(self.setup.deaths > 0 && self.owners.iter().any(|own| own.contains(&block)));
                    self.owners[rank as usize].push(block);
                }
            }
            Err(overlap) => self.refused(overlap),
        }
        self.attend(rank);
    }

    /// What `run` does between two pieces: report, ask, compute the next piece.
    fn attend(&mut self, rank: u64) {
        let in_order = self.setup.order == Order::Delivered;
        let report_now = rank == 0 || in_order || self.random.next_u64().is_multiple_of(10);
        if report_now && let Some(ledger) = self.workers[rank as usize].report() {
            match rank {
                0 => self.decide(Event::Reported(ledger)),
                _ => self.send(rank, 0, Message::Report(ledger)),
            }
        }
        if self.workers[rank as usize].asks() {
            match rank {
                0 => self.decide(Event::Asked(0)),
                _ => self.send(rank, 0, Message::Ask),
            }
        }
        if !self.busy[rank as usize] {
            let blocks = 1 + self.random.next_u64() % 8;
            if let Some(piece) = self.workers[rank as usize].piece(blocks) {
                self.busy[rank as usize] = true;
                let time = piece.len() * (1 + self.random.next_u64() % self.pace[rank as usize]);
                self.plan(self.now + time, Happening::Finished { rank, piece });
            }
        }
    }

    fn decide(&mut self, event: Event<Affine>) {
        let mut actions = Vec::new();
        if let Err(overlap) = self.manager.handle(event, &mut actions) {
            self.refused(overlap);
        }
        self.act(actions);
        self.deliver();
    }

    /// In a good network nothing comes twice.
    fn refused(&mut self, overlap: Overlap) {
        assert!(self.setup.is_bad, "{overlap}: {:?}", self.setup);
        self.end.refused += 1;
    }

    fn deliver(&mut self) {
        let mut actions = Vec::new();
        if self.window != u64::MAX {
            let held = self.manager.ledger().done();
            self.end.most_held = self.end.most_held.max(held);
        }
        while let Some(tally) = self.manager.deliver(&mut actions) {
            match &mut self.delivered {
                Some(total) => total.merge(tally),
                None => self.delivered = Some(tally),
            }
        }
        self.act(actions);
    }

    fn act(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Give(0, span) => self.workers[0].given(span),
                Action::NoMore(0) => self.workers[0].no_more(),
                Action::Give(rank, span) => self.send(0, rank, Message::Give(span)),
                Action::NoMore(rank) => self.send(0, rank, Message::NoMore),
                Action::StopAll => {
                    self.workers[0].stop();
                    (1..self.workers.len() as u64).for_each(|rank| self.send(0, rank, Message::Stop));
                }
            }
        }
        if !self.busy[0] && !self.workers.is_empty() {
            // The root, like any rank, goes on with what it was given.
            let blocks = 1 + self.random.next_u64() % 8;
            if let Some(piece) = self.workers[0].piece(blocks) {
                self.busy[0] = true;
                let time = piece.len() * (1 + self.random.next_u64() % self.pace[0]);
                self.plan(self.now + time, Happening::Finished { rank: 0, piece });
            }
        }
    }
}
