//! The sequence against its definition, the net against the points one by one.

use super::net::Net;
use super::*;
use proptest::prelude::*;

#[test]
fn the_matrices_are_the_identity_and_pascal_s_triangle() {
    for (c, [x, y]) in columns().into_iter().enumerate() {
        for row in 0..BITS as usize {
            let bit = |coordinate: u64| coordinate >> (BITS as usize - 1 - row) & 1 == 1;
            assert_eq!(bit(x), row == c);
            // Lucas: the binomial coefficient (c over row) is odd when row's bits are among those
            // of c.
            assert_eq!(bit(y), c & row == row, "row {row}, column {c}");
        }
    }
}

/// The first eight points as Sobol's are known: by their numerators over 8.
#[test]
fn the_first_points_are_sobol_s() {
    let plain = Points { columns: columns(), shift: [0; 2] };
    let eighths: Vec<[u64; 2]> = (0..8).map(|i| plain.point(i).map(|k| k >> (BITS - 3))).collect();
    assert_eq!(eighths, [[0, 0], [4, 4], [2, 6], [6, 2], [1, 5], [5, 1], [3, 3], [7, 7]]);
}

#[test]
fn every_box_of_a_net_has_one_point() {
    let points = Points::new(3, 5);
    for k in 0..=10 {
        for kx in 0..=k {
            let mut boxes: Vec<[u64; 2]> = (0..1 << k)
                .map(|i| points.point(i))
                .map(|[x, y]| [x >> 1 >> (BITS - 1 - kx), y >> 1 >> (BITS - 1 - (k - kx))])
                .collect();
            boxes.sort_unstable();
            boxes.dedup();
            assert_eq!(boxes.len(), 1 << k, "2^{k} points, 2^{kx} columns");
        }
    }
}

#[test]
fn a_net_has_the_sequence_s_points() {
    for k in 1..=11 {
        let points = Points::new(9, 2);
        let net = Net::new(&points, k);
        let [kx, ky] = [k.div_ceil(2), k / 2];
        for i in 0..1 << k {
            let [x, y] = points.point(i);
            assert_eq!(net.point(x >> (BITS - kx), y >> 1 >> (BITS - 1 - ky)), [x, y], "point {i} of 2^{k}");
        }
    }
}

#[test]
fn samples_are_made_a_power_of_two() {
    for (samples, log) in [(0, 1), (1, 1), (32, 1), (33, 2), (1_000_000_000, 26), (1 << 30, 26), ((1 << 30) + 1, 27)] {
        assert_eq!(log_points(samples), log, "{samples}");
    }
    assert_eq!([1 << 63, (1 << 63) + 1, u64::MAX].map(log_points), [59; 3]);
}

#[test]
fn the_largest_net_can_be_begun_anywhere() {
    let net = Net::new(&Points::new(1, 0), 59);
    let middle = net.rows() / 2;
    let (one, two) = (net.count(middle..middle + 50), net.count(middle + 50..middle + 100));
    let both = net.count(middle..middle + 100);
    assert_eq!((one.hits + two.hits, one.found + two.found), (both.hits, both.found));
    assert!(both.found >= 100 && both.found < 500, "{both:?}");
}

/// What is looked for, and what a verdict by cells alone would say: points on the arc counted as
/// misses, or as hits.
#[test]
fn without_the_points_on_the_arc_pi_is_visibly_wrong() {
    let counts = |seed| {
        let mut counts = [Counts::default(); 3];
        for r in 0..REPLICATES {
            let net = Net::new(&Points::new(seed, r), 16);
            let whole = net.count(0..net.rows());
            let sure =
                (0..net.rows()).map(|row| net.count(row..row + 1)).map(|row| row.points - row.found).sum::<u64>();
            assert!(sure < whole.points && whole.found < 2 * 2 * 256);
            for (counts, hits) in
                counts.iter_mut().zip([whole.hits, whole.hits - whole.found / 4, whole.hits + whole.found / 4])
            {
                counts.points[r] = whole.points;
                counts.hits[r] = hits;
            }
        }
        counts.map(|counts| counts.estimate(16).expect("complete"))
    };
    let [right, low, high] = counts(1);
    let z = |estimate: &Estimate| (estimate.pi - std::f64::consts::PI) / right.std_error;
    assert!(z(&right).abs() < 3.0 && z(&low) < -10.0 && z(&high) > 10.0, "{} {} {}", z(&right), z(&low), z(&high));
}

#[test]
fn an_error_is_never_zero_and_needs_two_replicates() {
    let mut counts = Counts::default();
    assert_eq!(counts.estimate(1), None);
    (counts.points[3], counts.hits[3]) = (2, 2);
    assert_eq!((counts.estimate(1), counts.samples(1)), (None, 2));
    (counts.points[5], counts.hits[5]) = (2, 2);
    (counts.points[6], counts.hits[6]) = (1, 1);
    let estimate = counts.estimate(1).expect("two");
    assert_eq!((estimate.pi, counts.samples(1)), (4.0, 4));
    assert!(estimate.std_error > 0.0 && estimate.ci95[0] < 4.0);
}

#[test]
fn the_error_is_that_of_plain_floats() {
    let mut counts = Counts { points: [1 << 20; REPLICATES], ..Counts::default() };
    counts.hits = std::array::from_fn(|r| 823_500 + (r * r) as u64);
    let hits = counts.hits.map(|hits| hits as f64);
    let mean = hits.iter().sum::<f64>() / 16.0;
    let variance = (hits.iter().map(|hits| (hits - mean).powi(2)).sum::<f64>() + 1.0) / 15.0;
    let estimate = counts.estimate(20).expect("complete");
    assert_eq!(estimate.pi, 4.0 * mean / 2f64.powi(20));
    assert!((estimate.std_error / (4.0 * (variance / 16.0).sqrt() / 2f64.powi(20)) - 1.0).abs() < 1e-12);
}

/// A change here changes results that users have saved. Found by a program in Python that shares
/// nothing with this one.
#[test]
fn known_answers() {
    let hits = |seed, replicate, k| {
        let net = Net::new(&Points::new(seed, replicate), k);
        net.count(0..net.rows()).hits
    };
    assert_eq!([hits(42, 0, 10), hits(42, 15, 11), hits(u64::MAX, 7, 8)], [800, 1610, 202]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn finding_few_is_throwing_all(seed: u64, replicate in 0..REPLICATES, k in 1u32..16, cut in 0.0..=1.0) {
        let points = Points::new(seed, replicate);
        let net = Net::new(&points, k);
        let count = net.count(0..net.rows());
        prop_assert_eq!((count.points, count.hits), (1 << k, points.hits(0..1 << k)));
        let middle = (net.rows() as f64 * cut) as u64;
        let (low, high) = (net.count(0..middle), net.count(middle..net.rows()));
        prop_assert_eq!(low.hits + high.hits, count.hits);
        prop_assert_eq!(low.points + high.points, count.points);
    }
}
