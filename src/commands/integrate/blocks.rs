//! Block by block: what the jobs of all methods do alike.
//!
//! Stands apart from `problem`, which has what they say about the whole.

use std::ops::ControlFlow;

use super::problem::Problem;
use crate::job::{Identity, Span, Tally, YieldNow};

/// Samples that are worth a message: some hundred microseconds of cheap integrands.
pub(super) const GRAIN: u64 = 1 << 15;

/// The tally of a span, from that of each `block` of it; `Break` when `yield_now` says so.
pub(super) fn total<T: Tally + Default>(
    span: Span,
    yield_now: YieldNow<'_>,
    mut block: impl FnMut(u64) -> T,
) -> ControlFlow<(), T> {
    let mut tally = T::default();
    for number in span.first..span.end {
        tally.merge(block(number));
        yield_now()?;
    }
    ControlFlow::Continue(tally)
}

/// When trained jobs have the same blocks: what comes after the training is then no shorter than
/// it.
pub(super) const WITH_TRAINING: &str = "with the same --training, at most a third of SAMPLES in both";

/// When jobs have the same blocks whose size depends on SAMPLES.
pub(super) fn same_blocks_from(samples: u64) -> String {
    format!("with blocks of the same size, which all jobs of at least {samples} samples have")
}

/// What to do where a checkpoint of the same integrand, seed and method is refused: `condition`
/// says which jobs of different lengths have the same blocks.
pub(super) fn resumption_advice(problem: &Problem, theirs: &Identity, condition: &str) -> Option<String> {
    let is_alike = theirs.kind.starts_with(&format!("{}, --method {}, ", problem.kind, problem.method.word()));
    let why = format!("a longer job resumes from a shorter one only {condition}");
    is_alike.then(|| format!("{why}: give this job another checkpoint file"))
}

#[cfg(test)]
mod tests {
    use super::super::args::IntegrateMethod;
    use super::super::nets::NetJob;
    use super::super::problem::testing::problem;
    use super::super::trained_nets::TrainedNetJob;
    use super::super::vegas::VegasJob;
    use crate::job::Job;
    use crate::montecarlo::nets::Family;
    use crate::montecarlo::nets::plan::NetPlan;
    use crate::montecarlo::vegas::VegasCut;

    const DIMENSION: &str = "3";

    fn net(samples: u64) -> NetJob {
        NetJob::new(problem("genz-gaussian", DIMENSION, samples, IntegrateMethod::Sobol), Family::Sobol)
    }

    fn even(samples: u64) -> VegasJob {
        VegasJob::stratified(problem("genz-gaussian", DIMENSION, samples, IntegrateMethod::Stratified))
    }

    fn trained(samples: u64, training: u64) -> TrainedNetJob {
        TrainedNetJob::new(problem("genz-gaussian", DIMENSION, samples, IntegrateMethod::Auto), training, None)
    }

    fn kind(job: &impl Job) -> String {
        job.identity().expect("it can be kept").kind
    }

    /// What the advice promises.
    #[test]
    fn longer_jobs_have_the_same_blocks_from_the_advised_length_on() {
        let (nets, boxes) = (NetPlan::full_blocks_from(3), VegasCut::LARGEST_BLOCKS_FROM);
        for times in [2, 3, 1000] {
            assert_eq!(kind(&net(nets)), kind(&net(nets * times)));
            assert_eq!(kind(&even(boxes)), kind(&even(boxes * times)));
            for training in [1 << 13, 10_000, 1 << 17, 1 << 22] {
                assert_eq!(kind(&trained(3 * training, training)), kind(&trained(3 * times * training, training)));
            }
        }
        assert_ne!(kind(&net(nets / 2)), kind(&net(nets)));
        assert_ne!(kind(&even(boxes / 2)), kind(&even(boxes)));
        assert_ne!(kind(&trained(1 << 20, 1 << 13)), kind(&trained(1 << 20, 1 << 14)));
    }

    #[test]
    fn advice_is_for_jobs_of_the_same_method() {
        let short = net(1 << 12).identity().expect("kept");
        let advice = net(1 << 24).resumption_advice(&short).expect("the same integrand and method");
        assert!(advice.contains("which all jobs of at least 2097152 samples have: give this job"), "{advice}");
        assert_eq!(even(1 << 24).resumption_advice(&short), None);
        let boxes = even(1 << 12).identity().expect("kept");
        let advice = even(1 << 24).resumption_advice(&boxes).expect("the same integrand and method");
        assert!(advice.contains("at least 4194304 samples"), "{advice}");
        let maps = trained(1 << 20, 1 << 13).identity().expect("kept");
        let advice = trained(1 << 24, 1 << 20).resumption_advice(&maps).expect("the same integrand and method");
        assert!(advice.contains("the same --training, at most a third of SAMPLES in both"), "{advice}");
        let auto = || NetJob::new(problem("genz-gaussian", DIMENSION, 1 << 12, IntegrateMethod::Auto), Family::Sobol);
        assert_eq!(auto().resumption_advice(&maps), Some(advice), "too short for a trial");
    }
}
