//! scratch
use montesieve_montecarlo::integrands::parameters::Parameters;
use montesieve_montecarlo::{
    integrands,
    sampler::{Kernel, Sampler},
};
fn main() {
    let p =
        |w: &[(&'static str, &str)]| Parameters::new(w.iter().map(|(a, b)| (*a, (*b).to_owned())).collect::<Vec<_>>());
    let b = ("bounds", "0:1,0:1,0:1,0:1,0:1");
    for _ in 0..5 {
        let kernels: Vec<(&str, Box<dyn Kernel>)> = vec![
            (
                "scalar",
                (montesieve_cabi::ENTRY.make)(&p(&[("function", "/tmp/cl/sp.so:f"), b, ("form", "scalar")])).unwrap(),
            ),
            (
                "batch",
                (montesieve_cabi::ENTRY.make)(&p(&[("function", "/tmp/cl/sp.so:fb"), b, ("form", "batch")])).unwrap(),
            ),
            (
                "points",
                (montesieve_cabi::ENTRY.make)(&p(&[("function", "/tmp/cl/sp.so:fp"), b, ("form", "batch")])).unwrap(),
            ),
            (
                "expr",
                (integrands::find("expr").unwrap().make)(&p(&[
                    ("expression", "1/(1+x1*x1+x2*x2+x3*x3+x4*x4+x5*x5)"),
                    b,
                ]))
                .unwrap(),
            ),
        ];
        for (name, kernel) in kernels {
            let mut s = Sampler::new(kernel, 0, montesieve_kernel::isa::Isa::widest());
            let t = std::time::Instant::now();
            let sums = s.sums(0, 20_000_000);
            println!("{name} {:.2} ns {}", t.elapsed().as_secs_f64() * 1e9 / 2e7, sums.samples());
        }
    }
}
