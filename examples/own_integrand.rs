//! An integrand of your own in Rust. For a function in a shared library see examples/lib/rust.rs.
//!
//!     cargo run --release --example own_integrand

use montesieve::isa::Isa;
use montesieve::montecarlo::elementary::exp;
use montesieve::montecarlo::integrand::Integrand;
use montesieve::montecarlo::mean::Mean;
use montesieve::montecarlo::sampler::Sampler;
use montesieve::montecarlo::uniform::Row;

/// exp(-|x|^2) on the unit cube of three dimensions.
#[derive(Clone)]
struct Gaussian;

impl Integrand for Gaussian {
    fn dimension(&self) -> usize {
        3
    }

    fn exact(&self) -> Option<f64> {
        Some(0.746_824_132_812_427_f64.powi(3)) // sqrt(pi)/2 erf(1), cubed
    }

    #[inline(always)]
    fn values(&mut self, u: &[Row]) -> Row {
        let square = u[0].map(|x| x * x).zip(&u[1], |sum, y| sum + y * y).zip(&u[2], |sum, z| sum + z * z);
        exp(&square.map(|square| -square))
    }
}

#[cfg_attr(test, test)]
fn main() {
    let mut sampler = Sampler::new(Box::new(Gaussian), 42, Isa::widest());
    let sums = sampler.sums(0, 1_000_000);
    let mean = Mean::new(&sums[0], sampler.shifts()[0], Gaussian.volume()).expect("samples");
    let exact = Gaussian.exact().expect("known");
    println!("{} +- {:?}, exact {exact}", mean.estimate, mean.std_error);
    assert!(mean.z(exact).is_some_and(|z| z.abs() < 5.0));
}
