//! Student's t: how wide a 95 % interval must be when the standard error itself is an estimate.
//!
//! With few samples (or batches) the estimated error is uncertain too, and the normal quantile 1.96
//! would claim too much. A table holds 1 to 30 degrees of freedom; beyond, the expansion about the
//! normal quantile z in powers of 1/n,
//!
//! t = z + (z^3+z)/(4n) + (5z^5+16z^3+3z)/(96n^2) + ...,
//!
//! with 13 terms, of which the last is below 1e-16 at n = 31. Table and coefficients are roots of
//! the distribution function, found with 50 digits (mpmath); the tests hold them against the
//! distribution's closed form and against published tables.
//!
//! Why not a crate (statrs): its quantile takes logarithms and powers from the system's library,
//! whose last bits differ between machines, and every digit of an interval is printed.
//!
//! Reference: M. Abramowitz, I. Stegun, "Handbook of mathematical functions" (1964), 26.7 and table
//! 26.10.

/// The normal quantile of 97.5 %: two-sided 95 %.
const Z95: f64 = 1.959_963_984_540_054;

/// The 97.5 % quantile for 1 to 30 degrees of freedom.
const TABLE: [f64; 30] = [
    12.706_204_736_174_705,
    4.302_652_729_749_464,
    3.182_446_305_283_709_5,
    2.776_445_105_197_794_3,
    2.570_581_835_636_315_5,
    2.446_911_851_144_97,
    2.364_624_251_592_785_3,
    2.306_004_135_204_166_7,
    2.262_157_162_798_205_3,
    2.228_138_851_986_275,
    2.200_985_160_091_639_7,
    2.178_812_829_667_229,
    2.160_368_656_462_792_6,
    2.144_786_687_917_804,
    2.131_449_545_559_775_5,
    2.119_905_299_221_254_6,
    2.109_815_577_833_317,
    2.100_922_040_241_038_7,
    2.093_024_054_408_309_6,
    2.085_963_447_265_865,
    2.079_613_844_727_680_4,
    2.073_873_067_904_026_3,
    2.068_657_610_419_048_6,
    2.063_898_561_628_026,
    2.059_538_552_753_297_7,
    2.055_529_438_642_873,
    2.051_830_516_480_285_5,
    2.048_407_141_795_245,
    2.045_229_642_132_704_3,
    2.042_272_456_301_238,
];

/// The coefficients of 1/n, 1/n^2, ... beyond the table.
const SERIES: [f64; 13] = [
    2.372_271_230_298_563,
    2.822_498_615_739_611_7,
    2.555_849_679_507_723_2,
    1.589_534_053_393_823_6,
    0.732_898_211_981_605_7,
    0.627_480_460_951_073_6,
    0.128_812_853_596_197_49,
    -1.713_928_182_623_522,
    1.942_521_386_983_938_4,
    14.200_505_962_059_557,
    -30.256_689_394_019_784,
    -152.783_541_571_912_8,
    524.006_766_231_902_8,
];

/// The 97.5 % quantile of Student's t: half the width of a 95 % interval in standard errors.
///
/// # Panics
/// Without a degree of freedom.
pub fn t95(degrees: u64) -> f64 {
    assert!(degrees > 0, "no degree of freedom");
    if let Some(&t) = TABLE.get(degrees as usize - 1) {
        return t;
    }
    let inverse = 1.0 / degrees as f64;
    Z95 + inverse * SERIES.iter().rev().fold(0.0, |sum, coefficient| sum * inverse + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 26.10 (to three decimals, as most tables have it) and R's qt(0.975, n) to seven digits.
    #[test]
    fn as_published() {
        let published = [
            12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
            2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
        ];
        for (degrees, t) in (1..).zip(published).chain([(40, 2.021), (60, 2.000), (120, 1.980)]) {
            assert!((t95(degrees) - t).abs() <= 5e-4, "{degrees}: {}", t95(degrees));
        }
        for (degrees, t) in [
            (1, 12.706_205),
            (10, 2.228_139),
            (15, 2.131_450),
            (31, 2.039_513),
            (60, 2.000_298),
            (120, 1.979_930),
            (1000, 1.962_339),
        ] {
            assert!((t95(degrees) - t).abs() < 6e-7, "{degrees}: {}", t95(degrees));
        }
        assert_eq!(t95(u64::MAX), Z95);
    }

    /// The distribution function for whole degrees of freedom n, with x = atan(t / sqrt n) (26.7.3
    /// and 26.7.4): the probability of a size below t is a finite sum of powers of cos x.
    fn inside(t: f64, n: u64) -> f64 {
        let x = libm::atan(t / (n as f64).sqrt());
        let (sine, square) = (libm::sin(x), libm::cos(x) * libm::cos(x));
        let is_odd = n % 2 == 1;
        let (mut term, mut sum) = if is_odd { (libm::cos(x), 0.0) } else { (1.0, 0.0) };
        for k in 0..(n / 2) {
            sum += term;
            let k = k as f64;
            term *= square * if is_odd { (2.0 * k + 2.0) / (2.0 * k + 3.0) } else { (2.0 * k + 1.0) / (2.0 * k + 2.0) };
        }
        if is_odd { std::f64::consts::FRAC_2_PI * (x + sine * sum) } else { sine * sum }
    }

    #[test]
    fn it_solves_the_equation() {
        for degrees in (1..=200).chain([1000, 9999]) {
            let probability = inside(t95(degrees), degrees);
            // Long sums are rounded more.
            let allowed = if degrees > 200 { 1e-12 } else { 1e-14 };
            assert!((probability - 0.95).abs() < allowed, "{degrees}: {probability}");
        }
    }

    #[test]
    fn it_falls_without_a_jump() {
        for degrees in 1..200 {
            assert!(t95(degrees) > t95(degrees + 1));
        }
        assert!(t95(30) - t95(31) < t95(29) - t95(30));
    }
}
