//! Faults: when each strikes, what it does, and which ranks it struck.
//!
//! Stands beside `world`, which decides whose turn it is. A death that is not survived ends the
//! job: the launcher kills every process a little later. A survived death acts as under ULFM: the
//! ranks learn of it one by one, and the first to do so revokes the world.

use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};

use super::state::{Event, State, nanoseconds};
use super::{FaultKind, FaultTime, InjectedFault, RunPlan, Struck};

/// The longest time until a launcher has ended all processes.
const LAUNCHER: Duration = Duration::from_millis(100);
/// The longest time until a rank learns of a loss: by a broken connection, or by a heartbeat.
const DETECTORS: [Duration; 3] = [Duration::from_micros(50), Duration::from_millis(20), Duration::from_secs(3)];

/// The faults of a run.
pub(super) struct Strikes {
    faults: Vec<InjectedFault>,
    /// Hand-overs of each rank.
    turns: Vec<u64>,
    /// Faults that strike a rank at a hand-over: rank, hand-over, fault.
    at_turn: Vec<(usize, u64, usize)>,
    in_stage: Vec<InStage>,
    /// Signals that end a process at once when they are repeated.
    has_interrupt: Vec<bool>,
    is_ending: bool,
    pub(super) struck: Vec<Struck>,
}

/// A fault that strikes a rank some hand-overs after it has entered a stage.
struct InStage {
    rank: usize,
    stage: &'static str,
    left: u64,
    number: usize,
}

impl Strikes {
    pub(super) fn new(plan: &RunPlan) -> Strikes {
        let ranks = plan.ranks as usize;
        let at_turn = plan.faults.iter().enumerate().filter_map(|(number, fault)| match fault.at {
            FaultTime::Turn(turn) => Some((fault.rank as usize, turn, number)),
            FaultTime::Time(_) | FaultTime::Stage(..) => None,
        });
        let in_stage = plan.faults.iter().enumerate().filter_map(|(number, fault)| match fault.at {
            FaultTime::Stage(stage, turn) => Some(InStage { rank: fault.rank as usize, stage, left: turn, number }),
            FaultTime::Time(_) | FaultTime::Turn(_) => None,
        });
        Strikes {
            at_turn: at_turn.collect(),
            in_stage: in_stage.collect(),
            faults: plan.faults.clone(),
            turns: vec![0; ranks],
            has_interrupt: vec![false; ranks],
            is_ending: false,
            struck: Vec::new(),
        }
    }
}

impl State {
    /// Plans the faults that strike at a time.
    pub(super) fn plan_strikes(&mut self) {
        for number in 0..self.strikes.faults.len() {
            if let FaultTime::Time(after) = self.strikes.faults[number].at {
                self.after(nanoseconds(after), Event::Strike(number));
            }
        }
    }

    /// A task hands over: faults waiting for that strike.
    pub(super) fn strike_at_turn(&mut self, task: usize) {
        if task >= self.strikes.turns.len() {
            return;
        }
        self.strikes.turns[task] += 1;
        let turn = self.strikes.turns[task];
        let due = |&&(rank, at, _): &&(usize, u64, usize)| rank == task && at == turn;
        let mut due: Vec<usize> = self.strikes.at_turn.iter().filter(due).map(|&(.., number)| number).collect();
        let stage = self.tasks[task].stage;
        for fault in self.strikes.in_stage.iter_mut().filter(|fault| fault.rank == task && fault.stage == stage) {
            fault.left = fault.left.saturating_sub(1);
            due.extend((fault.left == 0).then_some(fault.number));
        }
        self.strikes.in_stage.retain(|fault| fault.left > 0);
        due.into_iter().for_each(|number| self.strike(number));
    }

    /// A fault strikes, if its rank still lives.
    pub(super) fn strike(&mut self, number: usize) {
        let InjectedFault { rank, what, .. } = self.strikes.faults[number];
        let rank = rank as usize;
        let task = &self.tasks[rank];
        if task.has_ended || task.is_doomed {
            return;
        }
        let time = Duration::from_nanos(self.now);
        let lasts = if let FaultKind::Stop(lasts) = what { lasts } else { Duration::ZERO };
        self.strikes.struck.push(Struck { what: what.name(), stage: task.stage, rank: rank as u64, time, lasts });
        match what {
            FaultKind::Death => self.die(rank),
            FaultKind::Stop(time) => self.stop(rank, nanoseconds(time)),
            FaultKind::Signal(SIGINT | SIGTERM) if std::mem::replace(&mut self.strikes.has_interrupt[rank], true) => {
                self.die(rank);
            }
            FaultKind::Signal(signal) => {
                self.signals[rank].raise(signal);
                self.wake(rank);
            }
        }
    }

    /// A process ends without a message.
    fn die(&mut self, rank: usize) {
        self.doom(rank);
        self.meetings.is_dead[rank] = true;
        self.forget_rank(rank);
        if self.plan.survives {
            let living = self.meetings.living();
            let epoch = self.meetings.epoch();
            for _ in 0..self.random.between(1, 3) {
                let first = self.random.below(living.len() as u64) as usize;
                let most = self.random.one(&DETECTORS);
                let after = nanoseconds(self.random.up_to(most));
                if let Some(&first) = living.get(first) {
                    self.after(after, Event::Notice(first, epoch));
                }
            }
            self.left_meetings();
        } else {
            self.kill_all_soon();
        }
    }

    /// The launcher ends all processes.
    pub(super) fn kill_all_soon(&mut self) {
        if !std::mem::replace(&mut self.strikes.is_ending, true) {
            let after = nanoseconds(self.random.up_to(LAUNCHER));
            self.after(after, Event::KillAll);
        }
    }

    /// A rank learns of a loss; the first one informs all others.
    pub(super) fn notice(&mut self, rank: usize, epoch: usize) {
        let is_over = epoch != self.meetings.epoch() || self.network.lost[rank];
        if is_over {
            return;
        }
        if self.tasks[rank].has_ended || self.tasks[rank].is_doomed {
            // It has died or left since: another one learns of it.
            let next = self.meetings.living().into_iter().find(|&other| !self.tasks[other].has_ended);
            if let Some(next) = next.filter(|&next| next != rank) {
                self.after(nanoseconds(DETECTORS[1]), Event::Notice(next, epoch));
            }
            return;
        }
        self.network.lost[rank] = true;
        self.wake(rank);
        for other in self.meetings.living() {
            if !self.network.lost[other] && other != rank {
                let after = self.delay();
                self.after(after, Event::Notice(other, epoch));
            }
        }
    }
}
