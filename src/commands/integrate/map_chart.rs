//! The picture of a trained map: where its points are dense.
//!
//! Stands apart from the jobs that train one, `vegas` and `trained_nets`: the picture is the same.

use crate::job::{Ledger, Tally};
use crate::montecarlo::vegas::Map;
use crate::report::chart::{Axis, Chart, CurveKind, Line};

/// Coordinates in one picture: more lines cannot be told apart.
const MOST: usize = 8;

/// Bins that are drawn as one: fine enough for a line of some hundred pixels.
const JOINED: usize = 4;

/// The tallies of the stages that end at these block counts, if there are any and all are complete.
pub(super) fn complete_stages<'l, T: Tally>(way: &'l Ledger<T>, stages: &[u64]) -> Option<Vec<&'l T>> {
    let spans: Vec<_> = way.spans().take(stages.len()).collect();
    let is_complete = spans.iter().map(|(span, _)| span.end).eq(stages.iter().copied());
    (is_complete && spans.first().is_some_and(|(span, _)| span.first == 0))
        .then(|| spans.into_iter().map(|(_, tally)| tally).collect())
}

/// The density of points along each coordinate, on a scale of powers; of many coordinates
/// those with the highest density.
pub(super) fn map_chart(map: &Map) -> Chart {
    let density = |coordinate: usize| -> Vec<(f64, f64)> {
        let edges = map.edges(coordinate);
        let step = JOINED as f64 / (edges.len() - 1) as f64;
        let ends = edges.iter().step_by(JOINED).zip(edges.iter().skip(JOINED).step_by(JOINED));
        let steps =
            ends.filter(|(left, right)| left < right).map(|(&left, &right)| (left, right, step / (right - left)));
        steps.flat_map(|(left, right, height)| [(left, height), (right, height)]).collect()
    };
    let highest = |points: &[(f64, f64)]| points.iter().map(|point| point.1).fold(0.0, f64::max);
    let lowest = |points: &[(f64, f64)]| points.iter().map(|point| point.1).fold(1.0, f64::min);
    let mut all: Vec<(usize, Vec<(f64, f64)>)> = (0..map.dimension()).map(|at| (at, density(at))).collect();
    // Stable: of equal ones the first.
    all.sort_by(|(_, a), (_, b)| highest(b).total_cmp(&highest(a)));
    all.truncate(MOST);
    all.sort_by_key(|&(at, _)| at);
    let [top, bottom] = [
        all.iter().map(|(_, points)| highest(points)).fold(1.0, f64::max),
        all.iter().map(|(_, points)| lowest(points)).fold(1.0, f64::min),
    ];
    let lines = all.into_iter().enumerate().map(|(number, (at, points))| Line {
        name: format!("x{}", at + 1),
        points,
        kind: CurveKind::Law(number),
        ..Line::default()
    });
    let count =
        if map.dimension() > MOST { format!(", {MOST} of {} coordinates", map.dimension()) } else { String::new() };
    Chart {
        title: format!("density of points behind the map{count}"),
        x_label: "coordinate, from one bound to the other".to_owned(),
        y_label: "density, uniform = 1".to_owned(),
        y_axis: Axis::Powers(if top < 100.0 * bottom { 2 } else { 10 }),
        lines: lines.collect(),
        ..Chart::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Boundaries, PrefixEnds, Span};

    #[test]
    fn stages_are_complete_or_there_is_no_map() {
        let ledger = |spans: &[(u64, u64)]| {
            let boundaries = Boundaries { at: None, prefixes: PrefixEnds::PowersAfter(4) };
            let mut ledger = Ledger::with_boundaries(boundaries);
            for &(first, end) in spans {
                ledger.record(Span::new(first, end), end - first).expect("disjoint");
            }
            ledger
        };
        let whole = ledger(&[(0, 1), (1, 2), (2, 4), (4, 9)]);
        assert_eq!(complete_stages(&whole, &[1, 2, 4]), Some(vec![&1, &1, &2]));
        assert_eq!(complete_stages(&whole, &[]), None);
        for spans in [&[(0, 1), (1, 2), (2, 3)][..], &[(1, 2), (2, 4)], &[]] {
            assert_eq!(complete_stages(&ledger(spans), &[1, 2, 4]), None);
        }
    }

    #[test]
    fn a_uniform_map_has_density_1_and_few_lines() {
        let chart = map_chart(&Map::identity(20));
        assert_eq!(chart.lines.len(), MOST);
        assert!(chart.lines.iter().flat_map(|line| &line.points).all(|point| (point.1 - 1.0).abs() < 1e-12));
        assert!(chart.title.ends_with("8 of 20 coordinates"));
        assert_eq!(map_chart(&Map::identity(2)).lines[1].name, "x2");
    }
}
