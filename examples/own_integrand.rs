//! An integrand of your own in Rust: `Integrand`, sampled by every instruction set. From a library
//! instead: examples/lib/rust.rs.
//!
//!     cargo run --release --example own_integrand

use montesieve::isa::Isa;
use montesieve::montecarlo::elementary::exp;
use montesieve::montecarlo::integrand::Integrand;
use montesieve::montecarlo::mean::Mean;
use montesieve::montecarlo::sampler::Sampler;
use montesieve::montecarlo::uniform::Row;

/// exp(-|x|^2) on the unit cube.
#[derive(Clone)]
struct Gaussian {
    dimension: usize,
}

impl Integrand for Gaussian {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn exact(&self) -> Option<f64> {
        // (sqrt(pi)/2 erf(1))^D
        Some(0.746_824_132_812_427_f64.powi(self.dimension as i32))
    }

    #[inline(always)]
    fn values(&mut self, u: &[Row]) -> Row {
        let mut square = Row::all(0.0);
        u.iter().for_each(|u| square.update(u, |sum, u| sum + u * u));
        exp(&square.map(|square| -square))
    }
}

fn main() {
    let mut sampler = Sampler::new(Box::new(Gaussian { dimension: 3 }), 42, Isa::widest());
    let sums = sampler.sums(0, 10_000_000);
    let mean = Mean::new(&sums, sampler.shift(), 1.0).expect("samples");
    println!("{} +- {:?}, exact {:?}", mean.estimate, mean.std_error, Gaussian { dimension: 3 }.exact());
}
