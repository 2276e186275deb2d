//! `--histogram`: the parts of an integral over equal bins of a variable.
//!
//! From the words of the option to bins, and from the sums in these to the report and a picture.
//! All methods share it; their jobs only hand the bins to their samplers.

use std::fmt;
use std::str::FromStr;

use super::answer::HistogramResult;
use crate::montecarlo::histogram::{BinTally, Binning, Bins, MOST_BINS, Part, edge};
use crate::montecarlo::integrands::variable;
use crate::montecarlo::sampler::Kernel;
use crate::report::chart::{Band, Chart, CurveKind, Line};
use crate::report::text;

/// A histogram that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Which coordinate, from 0 on.
    coordinate: usize,
    count: usize,
    /// Both ends, if they were said.
    ends: Option<[f64; 2]>,
}

// Ends are never NaN.
impl Eq for Request {}

impl FromStr for Request {
    type Err = String;

    fn from_str(text: &str) -> Result<Request, String> {
        let words: Vec<&str> = text.split(':').map(str::trim).collect();
        let (&[name, count], ends) = (match words[..] {
            [ref both @ .., _, _] if words.len() == 4 => (both, Some([words[2], words[3]])),
            _ => (&words[..], None),
        }) else {
            return Err("write it like x1:50, or x1:50:0:2 for bins from 0 to 2".to_owned());
        };
        let coordinate =
            variable(name).ok_or_else(|| format!("'{name}' is no variable: take x, y, z or x1, x2, ..."))?;
        let limits = 1..=MOST_BINS;
        let count = count.parse().ok().filter(|count| limits.contains(count));
        let count = count.ok_or_else(|| format!("the number of bins must be a whole number from 1 to {MOST_BINS}"))?;
        let number = |word: &str| word.parse().ok().filter(|number: &f64| number.is_finite());
        let ends =
            match ends {
                None => None,
                Some([low, high]) => match (number(low), number(high)) {
                    (Some(low), Some(high)) if low < high && (high - low).is_finite() => Some([low, high]),
                    _ => return Err(
                        "the ends of the bins must be two numbers, the first below the second, less than 1.8e308 apart"
                            .to_owned(),
                    ),
                },
            };
        Ok(Request { coordinate, count, ends })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "x{}:{}", self.coordinate + 1, self.count)?;
        self.ends.map_or(Ok(()), |[low, high]| write!(f, ":{low}:{high}"))
    }
}

/// The histograms that were asked for, each with its ends.
///
/// # Errors
/// A sentence for the user: the integrand has several components, or lacks the variable; or the
/// variable has no bound, and no end was said.
pub(super) fn with_ends(requests: &[Request], kernel: &dyn Kernel) -> Result<Vec<(Request, [f64; 2])>, String> {
    if kernel.components() > 1 && !requests.is_empty() {
        return Err("--histogram is an option of integrands with one component".to_owned());
    }
    let ends_of = |request: &Request| {
        let number = request.coordinate + 1;
        if number > kernel.dimension() {
            return Err(format!("--histogram: there is no x{number}; the dimension is {}", kernel.dimension()));
        }
        let ends = request.ends.unwrap_or_else(|| kernel.range(request.coordinate));
        if !ends.iter().all(|end| end.is_finite()) {
            let count = request.count;
            let what = format!("x{number} has no finite bounds: say the ends of the bins, like x{number}:{count}:0:10");
            return Err(format!("--histogram: {what}"));
        }
        let edges = (0..=request.count).map(|i| edge(ends[0], ends[1], i, request.count));
        if !edges.is_sorted_by(|one, next| one < next) {
            return Err(format!("--histogram {request}: bins are narrower than the numbers there are"));
        }
        Ok((request.clone(), ends))
    };
    requests.iter().map(ends_of).collect()
}

/// What turns sums of bins into parts of an integral.
#[derive(Clone, Copy)]
pub(super) struct PartScale {
    /// The whole integral, if it is known.
    pub(super) whole: Option<Part>,
    /// The volume of the region.
    pub(super) volume: f64,
}

/// The histograms of a job.
#[derive(Clone, Default)]
pub(super) struct Histograms {
    /// Each with its ends.
    all: Vec<(Request, [f64; 2])>,
    binning: Option<Binning>,
}

impl Histograms {
    /// Those that were asked for, of a kernel.
    ///
    /// # Errors
    /// As [`with_ends`].
    pub(super) fn new(requests: &[Request], kernel: &dyn Kernel) -> Result<Histograms, String> {
        if requests.is_empty() {
            return Ok(Histograms::default());
        }
        let all = with_ends(requests, kernel)?;
        let bins = all.iter().map(|(Request { coordinate, count, .. }, ends)| {
            Bins::new(|u| kernel.coordinate(*coordinate, u), *coordinate, *count, *ends)
        });
        let binning = Binning::new(bins.collect());
        Ok(Histograms { all, binning: Some(binning) })
    }

    /// For a sampler of uniform points.
    pub(super) fn binning(&self) -> Option<Binning> {
        self.binning.clone()
    }

    /// Bins of all histograms.
    pub(super) fn bins(&self) -> usize {
        self.all.iter().map(|(request, _)| request.count).sum()
    }

    /// The words that a job's identity has about them.
    pub(super) fn words(&self) -> String {
        self.all.iter().map(|(request, _)| format!(", --histogram {request}")).collect()
    }

    /// The parts in the bins of each histogram; `None` where there is no estimate.
    fn parts(
        &self,
        tally: Option<&BinTally>,
        scale: PartScale,
    ) -> impl Iterator<Item = (&Request, [f64; 2], Option<Vec<Part>>)> {
        self.all.iter().scan(0, move |first, (request, ends)| {
            let bins = *first..*first + request.count;
            *first = bins.end;
            Some((request, *ends, tally.and_then(|tally| tally.parts(bins, scale.whole, scale.volume))))
        })
    }

    /// What is reported about them.
    pub(super) fn results(&self, tally: Option<&BinTally>, scale: PartScale) -> Vec<HistogramResult> {
        let result = |(request, [low, high], parts): (&Request, [f64; 2], Option<Vec<Part>>)| HistogramResult {
            variable: format!("x{}", request.coordinate + 1),
            edges: (0..=request.count).map(|i| edge(low, high, i, request.count)).collect(),
            estimates: parts.iter().flatten().map(|part| part.estimate).collect(),
            std_errors: parts.iter().flatten().map(|part| part.std_error).collect(),
            degrees_of_freedom: parts.and(tally.map(BinTally::degrees_of_freedom)),
        };
        self.parts(tally, scale).map(result).collect()
    }

    /// A picture of each: the density of the integral along the variable, with its 95 % interval.
    pub(super) fn charts(&self, tally: Option<&BinTally>, scale: PartScale) -> Vec<Chart> {
        let chart = |(request, [low, high], parts): (&Request, [f64; 2], Option<Vec<Part>>)| {
            let (count, parts) = (request.count, parts?);
            let quantile = tally.map_or(0.0, BinTally::t95);
            let ends = |i: usize| [edge(low, high, i, count), edge(low, high, i + 1, count)];
            let width = (high - low) / count as f64;
            let steps = parts.iter().enumerate();
            let line = steps.clone().flat_map(|(i, part)| ends(i).map(|x| (x, part.estimate / width)));
            let interval = |(i, part): (usize, &Part)| {
                let half = quantile * part.std_error?;
                Some(ends(i).map(|x| (x, (part.estimate - half) / width, (part.estimate + half) / width)))
            };
            let name = format!("x{}", request.coordinate + 1);
            Some(Chart {
                title: format!("the integral along {name}"),
                y_label: format!("part of the integral for each unit of {name}"),
                x_label: name,
                bands: Band::intervals(steps.map(interval)),
                lines: vec![Line {
                    name: text::count(count as u64, "bin"),
                    points: line.collect(),
                    kind: CurveKind::Steps,
                    ..Line::default()
                }],
                ..Chart::default()
            })
        };
        self.parts(tally, scale).filter_map(chart).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_bins() {
        let read = |text: &str| text.parse::<Request>().map(|request| request.to_string());
        for (text, written) in
            [("x1:50", "x1:50"), ("y:3", "x2:3"), ("x12:1:-1:2.5", "x12:1:-1:2.5"), ("x : 7", "x1:7")]
        {
            assert_eq!(read(text).as_deref(), Ok(written), "{text}");
        }
        for (text, why) in [
            ("x1", "write it like"),
            ("x1:2:3", "write it like"),
            ("x1:2:3:4:5", "write it like"),
            ("", "write it like"),
            ("q:5", "'q' is no variable"),
            ("x0:5", "'x0' is no variable"),
            ("x:0", "from 1 to 1000"),
            ("x:1001", "from 1 to 1000"),
            ("x:-1", "from 1 to 1000"),
            ("x:5:1:1", "the first below the second"),
            ("x:5:a:1", "the first below the second"),
            ("x:5:0:inf", "the first below the second"),
            ("x:5:-1e308:1e308", "the first below the second"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
