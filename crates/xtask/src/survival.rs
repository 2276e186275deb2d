//! `cargo xtask faults --ulfm`: ranks die, and the others finish the run.
//!
//! Beside `faults`, where a kill ends the run and the next one resumes it.

use std::path::Path;

use crate::draw::Draw;
use crate::faults::{Counts, ENOUGH, JOBS, Undisturbed, command_of, listed, show_progress, start};
use crate::run::{Result, is_stopped};

/// What makes Open MPI 5 survive a rank; coll/han is not safe then.
const ULFM: [&str; 8] =
    ["--with-ft", "ulfm", "--mca", "coll", "^han", "--mca", "btl", "self,sm,tcp"];

/// What came of runs that lost ranks.
#[derive(Default)]
pub struct Survivals {
    right: usize,
    late: usize,
    of_root: usize,
    jobs: Counts<&'static str>,
    by_dead: Counts<usize>,
    wrong: Vec<String>,
}

impl Survivals {
    fn number(&self) -> usize {
        self.jobs.values().sum()
    }

    pub fn all(&mut self, wanted: usize, draw: &mut Draw, folder: &Path) -> Result<()> {
        let mut undisturbed = Undisturbed::default();
        while self.number() < wanted && self.wrong.len() < ENOUGH && self.late < 4 * wanted + 20 {
            if is_stopped() {
                return Err("stopped".into());
            }
            let job = draw.pick(&JOBS);
            let file = folder.join(format!("{}.ckpt", self.number() + self.late));
            self.turn(job, &undisturbed.result(job)?, &file, draw)?;
            show_progress(format_args!("{} kills, {} right", self.number(), self.right));
        }
        Ok(())
    }

    fn turn(
        &mut self,
        job: &'static str,
        expected: &str,
        file: &Path,
        draw: &mut Draw,
    ) -> Result<()> {
        let (ranks, moment) = (draw.within(3..=8), draw.within(0.0..1.2));
        // More than half must live.
        let number = draw.within(1..=(ranks - 1) / 2);
        let mut victims = draw.sample(ranks, number);
        if draw.chance(1.0 / 3.0) && !victims.contains(&0) {
            victims[0] = 0;
        }
        victims.sort_unstable();
        let (mut run, schedule) = start(job, ranks, &ULFM, file, draw)?;
        // MPI's own start is not survived: the first save says that all are at work.
        // tests/mpi/ulfm.rs has the stages.
        run.wait_until(|_| file.exists());
        run.sleep(moment);
        run.kill_ranks(&victims);
        let what = format!("{job} on {ranks} ranks, {schedule}, {victims:?} after {moment:.2} s");
        let ended = run.end().map_err(|error| format!("{what}: {error}"))?;
        let is_equal = ended.code == 0 && ended.result().as_deref() == Some(expected);
        let report: serde_json::Value = serde_json::from_slice(&ended.out).unwrap_or_default();
        let lost = report["run"]["lost"].as_array().into_iter().flatten();
        let mut lost: Vec<_> = lost.filter_map(|lost| lost["rank"].as_u64()).collect();
        lost.sort_unstable();
        if is_equal && lost.is_empty() {
            self.late += 1;
            return Ok(());
        }
        *self.jobs.entry(command_of(job)).or_default() += 1;
        *self.by_dead.entry(victims.len()).or_default() += 1;
        self.of_root += usize::from(victims[0] == 0);
        if is_equal && lost.iter().map(|&rank| rank as usize).eq(victims.iter().copied()) {
            self.right += 1;
        } else {
            self.wrong.push(format!(
                "{what}: exit code {}, lost {lost:?}\n{:.500}\n{}",
                ended.code,
                ended.text(),
                ended.err
            ));
        }
        Ok(())
    }

    pub fn report(&self, wanted: usize) -> bool {
        let (number, right) = (self.number(), self.right);
        println!(
            "kills: {number} ({}), by ranks that died at once: {}",
            listed(&self.jobs),
            listed(&self.by_dead)
        );
        println!(
            "with rank 0 among them: {}; runs that had ended before the kill, not counted: {}",
            self.of_root, self.late
        );
        self.wrong.iter().for_each(|text| println!("WRONG {text}"));
        println!("right answers with exit code 0: {right} of {number}");
        right == number && number == wanted && wanted > 0
    }
}
