//! Samples of every integrand: against a sum written out, on every instruction set, cut anywhere.

use super::*;
use crate::integrands::ALL;
use crate::integrands::parameters::Parameters;
use crate::mean::Mean;
use crate::scale::Scale;
use crate::streams::{LANES, Streams};
use crate::uniform::unit;
use montesieve_kernel::Tally;
use proptest::prelude::*;
use rand::Rng;

fn supported() -> impl Iterator<Item = Isa> {
    Isa::available()
}

/// Parameters of integrands in tests, where the defaults are not enough.
fn word(integrand: &str, parameter: &str, default: Option<&str>) -> String {
    match (integrand, parameter) {
        ("option", "style") => "asian",
        ("option", "fixings") => "3",
        // One of everything; pow, tan and gamma go one number at a time.
        ("expr", "expression") => "exp(-x*y)*sin(9*y)^3 + cos(x)/sqrt(1+x) - ln(x+y)*(x<y) + pow(x,y)*min(tan(x),y)",
        ("expr", "bounds") => "0:1,0:2",
        _ => default.unwrap_or_default(),
    }
    .to_owned()
}

/// One kernel of each integrand.
fn kernels() -> Vec<(&'static str, Box<dyn Kernel>)> {
    let made = ALL.iter().map(|entry| {
        let words = entry.parameters.iter().map(|p| (p.name, word(entry.name, p.name, p.default)));
        (entry.name, (entry.make)(&Parameters::new(words)).expect("right parameters"))
    });
    // Values out of the usual range, in some blocks or all, and such as are not numbers.
    let strange =
        ["exp(-372+x)", "1e300*(x-0.3)", "1.7e308*(2*(x<0.5)-1)", "exp(-900*x)", "sqrt(x-0.5)", "3e-320*x", "7"];
    let own = strange.map(|text| ("expr", expression(text, "0:1")));
    // Weights, and both sides of a condition.
    let weighted = ("expr", expression("if(x < y, exp(-x*x), 1/(1+x*x))/sqrt(y)", "-inf:inf,0+:1"));
    made.chain(own).chain([weighted]).collect()
}

fn expression(text: &str, bounds: &str) -> Box<dyn Kernel> {
    let words = [("expression", text.to_owned()), ("bounds", bounds.to_owned())];
    let make = ALL.iter().find(|entry| entry.name == "expr").expect("in the list").make;
    make(&Parameters::new(words)).expect("right")
}

/// The sums written out: one generator a lane, values by the portable code, sums one number at a
/// time.
fn naive(kernel: &dyn Kernel, seed: u64, block: u64, samples: u64, shift: f64) -> Sums {
    // Plain sums first: they have the largest size of a value less the shift, whatever it is.
    let plain = BlockRule { shift, accumulation: Accumulation::Careful(Scale::Plain) };
    let Accumulation::Careful(scale) =
        naive_lanes(kernel, seed, block, samples, plain).right_accumulation(plain.accumulation)
    else {
        unreachable!("careful accumulation stays so")
    };
    let lanes =
        naive_lanes(kernel, seed, block, samples, BlockRule { shift, accumulation: Accumulation::Careful(scale) });
    let mut sums = Sums::default();
    sums.add_block(block, samples, &lanes, scale);
    sums
}

fn naive_lanes(kernel: &dyn Kernel, seed: u64, block: u64, samples: u64, rule: BlockRule) -> LaneSums {
    let (factor, shift) = match rule.accumulation {
        Accumulation::Fast => (1.0, rule.shift),
        Accumulation::Careful(scale) => (scale.factor(), rule.shift * scale.factor()),
    };
    let mut lanes = LaneSums::new();
    let dimension = kernel.dimension();
    let mut kernel = kernel.duplicate();
    let start = Streams::new(seed, 0, Isa::Portable).start(block);
    let mut generators: Vec<_> = (0..LANES).map(|lane| start.lane(lane)).collect();
    for first in (0..samples).step_by(WIDTH) {
        let mut row = || Row(std::array::from_fn(|place| unit(generators[place % LANES].next_u64())));
        let rows: Vec<Row> = (0..dimension).map(|_| row()).collect();
        let values = kernel.values(&rows);
        for place in 0..(samples - first).min(WIDTH as u64) as usize {
            let value = values.0[place];
            if value.is_nan() {
                lanes.nans.0[place] += 1.0;
                continue;
            }
            lanes.largest.0[0] = lanes.largest.0[0].max((value - rule.shift).abs());
            lanes.first.0[place] += value * factor - shift;
            lanes.second.0[place] += (value * factor - shift) * (value * factor - shift);
        }
    }
    lanes
}

#[test]
fn every_instruction_set_gives_the_sums_written_out() {
    for (name, kernel) in kernels() {
        for samples in [0, 1, 127, 128, 129, 256, 1000, 2017] {
            for isa in supported() {
                let mut sampler = Sampler::new(kernel.duplicate(), 42, isa);
                let expected = naive(&*kernel, 42, 9, samples, sampler.shifts()[0]);
                assert_eq!(
                    sampler.sums(9, samples)[0],
                    if samples > 0 { expected } else { Sums::default() },
                    "{name}, {isa}, {samples}"
                );
            }
        }
    }
}

#[test]
fn a_whole_block_and_its_neighbours() {
    for (name, kernel) in kernels() {
        let each = block_samples(kernel.dimension());
        let mut expected = naive(&*kernel, 7, 3, each, Sampler::new(kernel.duplicate(), 7, Isa::widest()).shifts()[0]);
        for isa in supported() {
            let mut sampler = Sampler::new(kernel.duplicate(), 7, isa);
            assert_eq!(sampler.sums(3, each)[0], expected, "{name}, {isa}");
            assert_eq!(sampler.at, Some(4));
        }
        let mut sampler = Sampler::new(kernel.duplicate(), 7, Isa::widest());
        expected.merge(naive(&*kernel, 7, 4, 5, sampler.shifts()[0]));
        assert_eq!(sampler.sums(3, each + 5)[0], expected, "{name}");
    }
}

/// Each begins where the whole block of its number does.
#[test]
fn short_blocks_are_the_beginnings_of_whole_ones() {
    for (name, kernel) in kernels() {
        for isa in supported() {
            let mut sampler = Sampler::new(kernel.duplicate(), 7, isa).with_blocks_of(256);
            let shift = sampler.shifts()[0];
            let mut expected = naive(&*kernel, 7, 3, 256, shift);
            expected.merge(naive(&*kernel, 7, 4, 256, shift));
            expected.merge(naive(&*kernel, 7, 5, 100, shift));
            assert_eq!(sampler.sums(3, 612)[0], expected, "{name}, {isa}");
            let mut given = Sampler::new(kernel.duplicate(), 7, isa).with_blocks_of(256).with_shifts(&[shift]);
            assert_eq!(given.sums(3, 612)[0], expected, "{name}, {isa}");
        }
    }
}

#[test]
fn a_value_never_depends_on_its_neighbours() {
    for (name, mut kernel) in kernels() {
        let mut uniforms = Uniforms::new(3, Isa::Portable);
        let mut rows = vec![Row::all(0.0); kernel.dimension()];
        uniforms.fill(&mut rows);
        let values = kernel.values(&rows);
        for place in 0..WIDTH {
            let point: Vec<Row> = rows.iter().map(|row| Row::all(row.0[place])).collect();
            assert_eq!(kernel.values(&point).0[0].to_bits(), values.0[place].to_bits(), "{name}");
        }
    }
}

#[test]
fn the_shift_of_a_constant_is_the_constant() {
    for constant in ["0.1", "3e200", "-7/3"] {
        let words = [("expression", format!("{constant} + 0*x")), ("bounds", "0:1".to_owned())];
        let make = ALL.iter().find(|entry| entry.name == "expr").expect("in the list").make;
        let mut sampler = Sampler::new(make(&Parameters::new(words)).expect("right"), 1, Isa::widest());
        let sums = &sampler.sums(0, 1000)[0];
        assert_eq!((sums.first(Scale::Plain), sums.second(Scale::Plain), sums.first_nan()), (0.0, 0.0, None));
    }
}

/// Errors of independent samples are far above the rounding of sums, so these need no least error
/// but that of the estimate's last digit; those of [`nets`](crate::nets) do.
#[test]
fn errors_are_not_below_rounding() {
    for (text, exact) in [("0.1*(x<0.5)", 0.05), ("1e6+0.1*(x<0.5)", 1e6 + 0.05), ("1/3+1e-9*x", 1.0 / 3.0 + 5e-10)] {
        for samples in [1000, 1 << 18, 1 << 22] {
            let mut sampler = Sampler::new(expression(text, "0:1"), 2, Isa::widest());
            let shift = sampler.shifts()[0];
            let mean = Mean::new(&sampler.sums(0, samples)[0], shift, 1.0).expect("samples");
            let z = mean.z(exact).expect("an error");
            assert!(z.abs() < 4.0 && mean.std_error > Some(mean.least_error), "{text}, {samples}: {z}");
        }
    }
    for text in ["0.1", "1/3", "-1e300/7"] {
        let mut sampler = Sampler::new(expression(text, "0:1"), 2, Isa::widest());
        let shift = sampler.shifts()[0];
        let mean = Mean::new(&sampler.sums(0, 1 << 18)[0], shift, 1.0).expect("samples");
        let value = sampler.first_values()[0].0[0];
        assert_eq!((mean.estimate, mean.std_error), (value, None), "{text}");
    }
}

/// The block before decides only how a block is added up first.
#[test]
fn a_walk_never_depends_on_the_one_before() {
    for (name, kernel) in kernels() {
        let mut sampler = Sampler::new(kernel, 1, Isa::widest());
        let each = 2000;
        let expected = sampler.sums(3, each);
        for accumulation in [
            Accumulation::Fast,
            Accumulation::Careful(Scale::Plain),
            Accumulation::Careful(Scale::Up),
            Accumulation::Careful(Scale::Down),
        ] {
            sampler.rules[0].accumulation = accumulation;
            assert_eq!(sampler.sums(3, each), expected, "{name}, {accumulation:?}");
        }
    }
}

#[test]
fn the_first_bad_value_is_found() {
    let words = [("expression", "sqrt(x-0.001)".to_owned()), ("bounds", "0:1".to_owned())];
    let make = ALL.iter().find(|entry| entry.name == "expr").expect("in the list").make;
    let mut sampler = Sampler::new(make(&Parameters::new(words)).expect("right"), 1, Isa::widest());
    let each = block_samples(1);
    let sums = &sampler.sums(5, 3 * each)[0];
    assert_eq!(sums.first_nan(), Some(5));
    assert!(sums.nans() > 0 && sums.nans() + sums.numbers() == 3 * each);
    let found = sampler.first_bad(5, each, f64::is_nan).expect("a bad value");
    assert!(found.component == 0 && found.place[0] < 0.001 && found.value.is_nan());
    // Before it there is none.
    let number = (1..=each).find(|&samples| sampler.sums(5, samples)[0].nans() > 0).expect("found");
    assert!(sampler.first_bad(5, number - 1, f64::is_nan).is_none());
    assert!(sampler.first_bad(5, number, f64::is_nan).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn spans_add_up_however_they_are_cut(seed: u64, first in 0..1u64 << 40, cut in 0..3u64, more in 0..9999u64) {
        for (name, kernel) in kernels().into_iter().step_by(3) {
            let each = block_samples(kernel.dimension());
            let mut sampler = Sampler::new(kernel, seed, Isa::widest());
            let whole = sampler.sums(first, 2 * each + more);
            let rest = sampler.sums(first + cut, (2 - cut) * each + more);
            let mut parts = sampler.sums(first, cut * each);
            parts.merge(rest);
            prop_assert_eq!(parts, whole, "{}", name);
        }
    }
}
