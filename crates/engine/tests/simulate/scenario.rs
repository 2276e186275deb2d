//! What a seed decides about a life: the job, how it runs, and what may go wrong.
//!
//! Some lives have a kind of trouble and some do not ("swarm"). Many troubles at once hide each
//! other: a life that is always killed early never reaches the end of a round.

use std::time::Duration;

use montesieve_engine::simulated::{DiskFaults, FaultKind, FaultTime, InjectedFault, Random, Weather};
use montesieve_engine::{Options, Schedule};
use signal_hook::consts::{SIGTERM, SIGUSR1, SIGUSR2};

use super::coverage::STAGES;
use super::job::TestReader;

/// The longest stop of a rank where silence has no limit; elsewhere a stop may be long enough for
/// all accusers.
const LONGEST_STOP: Duration = Duration::from_secs(20);

/// How the results of a life are reported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LifeKind {
    /// A total.
    Total,
    /// In order, to a sink with this reader.
    Deliver(TestReader),
    /// A total, and deaths are survived.
    Survive,
    /// This number of shares one after another, and then the whole.
    Shares(u64),
}

/// A life: runs of one job, until it is done.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub seed: u64,
    pub kind: LifeKind,
    pub blocks: u64,
    pub grain: u64,
    pub piece: Duration,
    /// Time within the kernel for a block, by rank.
    pub within: Vec<Duration>,
    pub yields: u32,
    pub whole: u64,
    /// Blocks of a shorter job that is run before it and uses the same file.
    pub shorter: Option<u64>,
    pub keeps_prefixes: bool,
    /// Whether its tally is a list, not a few numbers.
    pub is_list: bool,
    pub most_ranks: u64,
    pub schedule: Schedule,
    pub chunk: Option<u64>,
    pub block_times: Vec<Duration>,
    pub keep: Option<Duration>,
    pub deadline: Option<Duration>,
    pub weather: Weather,
    pub disk: DiskFaults,
    pub crashes: bool,
    /// Whether the file itself is damaged between two runs. Not where hosts crash, which may remove
    /// the previous save.
    pub rots: bool,
    /// How long a rank may be silent: longer than two messages take in the worst weather.
    pub silence: Option<Duration>,
    troubles: Vec<Trouble>,
    /// Whether finished ranks get repeated requests to save: the last requests meet the end of the
    /// round.
    has_requests: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Trouble {
    Death,
    Stop,
    Signal(i32),
}

impl Scenario {
    pub fn of(seed: u64) -> Scenario {
        let mut random = Random::new(seed ^ 0x5EED);
        let random = &mut random;
        let most_ranks = match random.below(100) {
            0..8 => 1,
            8..60 => random.between(2, 6),
            60..98 => random.between(5, 40),
            _ => random.between(100, 1000),
        };
        let blocks = match random.below(10) {
            0 => random.below(3),
            1..8 => random.below(120),
            _ => random.below(600),
        };
        let reader = match random.below(5) {
            0 | 1 => TestReader::Reads(random.scale_up_to(Duration::from_millis(50))),
            2 => TestReader::PausesAt(random.below(blocks), Duration::from_secs(100)),
            3 => TestReader::GoesAt(random.below(blocks)),
            _ => TestReader::FailsAt(random.below(blocks)),
        };
        let kind = match random.below(10) {
            0..4 => LifeKind::Total,
            4..6 => LifeKind::Deliver(reader),
            6..9 => LifeKind::Survive,
            _ => LifeKind::Shares(random.between(2, 4)),
        };
        let longest = Duration::from_micros(random.one(&[1, 100, 10_000, 300_000]));
        let times = |random: &mut Random| -> Vec<Duration> {
            (0..random.between(1, 5)).map(|_| random.scale_up_to(longest)).collect()
        };
        let block_times = times(random);
        let kept = Duration::from_micros(random.one(&[0, 3_000, 100_000, 30_000_000]));
        let mut scenario = Scenario {
            seed,
            kind,
            blocks,
            grain: random.one(&[1, 1, 3, 20]),
            piece: Duration::from_micros(random.one(&[500, 500, 200_000])),
            within: if random.chance(1, 3) { times(random) } else { vec![Duration::ZERO] },
            yields: random.one(&[1, 2, 4, 20]),
            whole: if random.chance(1, 4) { random.below(blocks + 1) } else { blocks },
            shorter: None,
            keeps_prefixes: random.chance(1, 4) && !matches!(kind, LifeKind::Deliver(_)),
            is_list: random.chance(1, 2),
            most_ranks,
            schedule: random.one(&Schedule::ALL),
            chunk: random.chance(1, 2).then(|| random.between(1, 30)),
            block_times,
            keep: (random.chance(2, 3) || matches!(kind, LifeKind::Shares(_))).then_some(kept),
            deadline: None,
            weather: Weather::random(random),
            disk: if random.chance(1, 2) { DiskFaults::random(random) } else { DiskFaults::default() },
            crashes: random.chance(1, 2),
            silence: (random.chance(1, 4) && kind != LifeKind::Survive)
                .then(|| Duration::from_secs(random.one(&[15, 60]))),
            rots: random.chance(1, 4),
            troubles: Vec::new(),
            has_requests: false,
        };
        if random.chance(1, 4) && scenario.keep.is_some() && scenario.whole > 1 {
            scenario.shorter = Some(random.between(1, scenario.whole - 1));
        }
        scenario.rots &= !scenario.crashes;
        if random.chance(1, 3) {
            let about = scenario.work(most_ranks) * 2 + Duration::from_millis(1);
            scenario.deadline = Some(random.scale_up_to(about));
        }
        let troubles = [
            Trouble::Death,
            Trouble::Stop,
            Trouble::Signal(SIGTERM),
            Trouble::Signal(SIGUSR1),
            Trouble::Signal(SIGUSR2),
        ];
        scenario.troubles = troubles.into_iter().filter(|_| random.chance(1, 3)).collect();
        scenario.has_requests = random.chance(1, 3);
        if random.chance(1, 5) { scenario.calm(random) } else { scenario }
    }

    /// A long job without faults except requests for saves: then bounds of time are tight, and a
    /// rank that delays others shows.
    fn calm(self, random: &mut Random) -> Scenario {
        let longest = Duration::from_millis(random.one(&[2, 30, 300]));
        let times = |random: &mut Random| (0..random.between(1, 5)).map(|_| random.scale_up_to(longest)).collect();
        let [has_signals, has_requests] = random.one(&[[false, false], [true, false], [false, true]]);
        Scenario {
            kind: if self.kind == LifeKind::Survive { LifeKind::Survive } else { LifeKind::Total },
            blocks: 2000,
            whole: 2000,
            shorter: None,
            most_ranks: self.most_ranks.min(20),
            grain: self.grain.min(3),
            piece: Duration::from_micros(500),
            block_times: times(random),
            within: if random.chance(1, 2) { times(random) } else { vec![Duration::ZERO] },
            chunk: self.chunk.filter(|_| random.chance(1, 2)),
            keep: self.keep.map(|_| Duration::from_secs(3600)),
            deadline: None,
            weather: Weather { seconds: 0, skew: Duration::ZERO, ..self.weather },
            disk: DiskFaults::default(),
            silence: None,
            troubles: has_signals.then_some(Trouble::Signal(SIGUSR1)).into_iter().collect(),
            has_requests,
            ..self
        }
    }

    /// The approximate duration of the work on `ranks` ranks.
    pub fn work(&self, ranks: u64) -> Duration {
        let mean = |times: &[Duration]| times.iter().sum::<Duration>() / times.len() as u32;
        (mean(&self.block_times) + mean(&self.within)) * (self.blocks.div_ceil(ranks)) as u32
    }

    /// The faults of one run.
    pub fn faults(&self, random: &mut Random, ranks: u64) -> Vec<InjectedFault> {
        let about = self.work(ranks) + 20 * self.weather.latency + self.weather.skew;
        let mut faults = Vec::new();
        for trouble in &self.troubles {
            // One more save does no harm: many may be requested.
            let most = if *trouble == Trouble::Signal(SIGUSR1) { 20 } else { 4 };
            for _ in 0..random.below(most) {
                let what = match trouble {
                    Trouble::Death => FaultKind::Death,
                    Trouble::Stop => FaultKind::Stop(match self.silence {
                        Some(limit) if random.chance(1, 2) => 8 * limit,
                        _ => random.scale_up_to(LONGEST_STOP),
                    }),
                    Trouble::Signal(signal) => FaultKind::Signal(*signal),
                };
                let at = match random.below(6) {
                    0 => FaultTime::Time(random.up_to(about)),
                    1 => FaultTime::Time(random.scale_up_to(2 * about)),
                    2 => FaultTime::Turn(random.between(1, 40)),
                    3 | 4 => FaultTime::Stage(random.one(&STAGES), random.one(&[1, 1, 2, 3, 10, 30])),
                    _ => FaultTime::Turn(random.between(1, 40) * random.between(1, 40)),
                };
                // A fault at the root matters most.
                let rank = if random.chance(1, 3) { 0 } else { random.below(ranks) };
                faults.push(InjectedFault { rank, at, what });
            }
        }
        if self.has_requests {
            let what = FaultKind::Signal(SIGUSR1);
            let turns =
                |rank| (1..=20).map(move |turn| InjectedFault { rank, at: FaultTime::Stage("reduce", turn), what });
            faults.extend((0..ranks.min(8)).flat_map(turns));
        }
        faults
    }

    /// The options of a run.
    pub fn options(&self) -> Options {
        Options { schedule: self.schedule, chunk: self.chunk, warn: Some(|_| ()), ..Options::default() }
    }
}
