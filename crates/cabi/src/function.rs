//! The loaded function as a [`Kernel`]: 128 points at a time, in one of three forms.
//!
//! A function of one point, with a scalar or a vector as its value, is called for each. A batch
//! gets all 128, coordinate by coordinate, as the rows of the sampler have them: nothing is
//! transposed, and the function's loops over points become vectors.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Arc;

use montesieve_kernel::dispatch;
use montesieve_kernel::isa::Supported;
use montesieve_montecarlo::components::MOST_COMPONENTS;
use montesieve_montecarlo::integrands::domain::{Domain, Weights};
use montesieve_montecarlo::sampler::Kernel;
use montesieve_montecarlo::uniform::{Row, WIDTH};

use super::crash::{self, Step};
use super::library::{Library, Names};

/// What a call computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `double f(int dim, const double *x, void *data)`.
    Scalar,
    /// `void f(int dim, const double *x, double *values, void *data)`.
    Vector,
    /// `void f(int points, int dim, const double *x, double *values, void *data)`.
    Batch,
}

// A C++ exception unwinds; see `crash`.
type Scalar = unsafe extern "C-unwind" fn(c_int, *const f64, *mut c_void) -> f64;
type Vector = unsafe extern "C-unwind" fn(c_int, *const f64, *mut f64, *mut c_void);
type Batch = unsafe extern "C-unwind" fn(c_int, c_int, *const f64, *mut f64, *mut c_void);

/// A function of a shared library over a region.
#[derive(Clone, Debug)]
pub struct CompiledFunction {
    library: Library,
    form: Form,
    domain: Domain,
    /// The weights of the latest values; ones where the region has none.
    weights: Weights,
    /// The points of a group, coordinate by coordinate.
    points: Vec<Row>,
    /// The same, point by point: for a function of one point.
    transposed: Vec<f64>,
    components: usize,
    /// The latest values: a row for each component, and room for those that the function must not
    /// set.
    values: Vec<Row>,
}

/// What stands behind the last value: another number there was set by the function.
const GUARD: f64 = f64::from_bits(0x7ff8_0000_0000_5eed);

impl CompiledFunction {
    pub(crate) fn new(library: Library, form: Form, components: usize, domain: Domain) -> CompiledFunction {
        let dimension = domain.dimension();
        let transposed = if form == Form::Batch { Vec::new() } else { vec![0.0; WIDTH * dimension] };
        let points = vec![Row::all(0.0); dimension];
        let room = if form == Form::Batch { MOST_COMPONENTS } else { 0 };
        let values = vec![Row::all(0.0); components + room];
        CompiledFunction { library, form, domain, weights: Weights::ones(), points, transposed, components, values }
    }

    /// The BLAKE3 hash of the shared library, as 64 hexadecimal digits. Ranks that load the same
    /// file have the same.
    pub fn fingerprint(&self) -> &str {
        &self.library.fingerprint
    }

    /// From coordinate by coordinate to point by point. All 128 before the first call: a function
    /// that reads, as a vector, numbers written one by one just before waits for the stores.
    fn transpose(&mut self) {
        let dimension = self.points.len();
        for (d, row) in self.points.iter().enumerate() {
            self.transposed[d..].iter_mut().step_by(dimension).zip(&row.0).for_each(|(to, &x)| *to = x);
        }
    }

    /// Computes the values at `points`.
    #[inline(never)]
    fn call(&mut self) {
        // Whatever the function does not set is not a number, and is found.
        self.values[..self.components].fill(Row::all(f64::NAN));
        let dimension = self.points.len();
        match self.form {
            Form::Scalar => {
                // SAFETY: the user says that the function has this type.
                let function = unsafe { std::mem::transmute::<*const c_void, Scalar>(self.library.address) };
                self.each_point(|values, lane, point| {
                    // SAFETY: `point` has `dimension` numbers; the function reads no others.
                    values[0].0[lane] = unsafe { function(dimension as c_int, point.as_ptr(), ptr::null_mut()) };
                });
            }
            Form::Vector => {
                // SAFETY: the user says that the function has this type.
                let function = unsafe { std::mem::transmute::<*const c_void, Vector>(self.library.address) };
                let (names, components) = (Arc::clone(&self.library.names), self.components);
                let mut one = vec![GUARD; components + MOST_COMPONENTS];
                self.each_point(|values, lane, point| {
                    one[..components].fill(f64::NAN);
                    // SAFETY: `point` has `dimension` numbers, and `one` one for each component.
                    unsafe { function(dimension as c_int, point.as_ptr(), one.as_mut_ptr(), ptr::null_mut()) };
                    values.iter_mut().zip(&one).for_each(|(row, &value)| row.0[lane] = value);
                    check_guard(one[components], &names, components);
                });
            }
            Form::Batch => {
                // SAFETY: the user says that the function has this type.
                let function = unsafe { std::mem::transmute::<*const c_void, Batch>(self.library.address) };
                self.values[self.components].0[0] = GUARD;
                let (points, to) = (self.points.as_ptr().cast::<f64>(), self.values.as_mut_ptr().cast::<f64>());
                // SAFETY: rows are adjacent, 128 numbers each; the function sets 128 values of each
                // component.
                crash::during(&Step::call(&self.library.names, dimension), || unsafe {
                    function(WIDTH as c_int, dimension as c_int, points, to, ptr::null_mut());
                });
                check_guard(self.values[self.components].0[0], &self.library.names, self.components);
            }
        }
    }

    /// Calls `each` with the rows of values, the place of a point in them, and the point.
    fn each_point(&mut self, mut each: impl FnMut(&mut [Row], usize, &[f64])) {
        self.transpose();
        let dimension = self.points.len();
        let step = Step::call(&self.library.names, dimension);
        let (transposed, values) = (&self.transposed, &mut self.values);
        crash::during(&step, || {
            for (lane, point) in transposed.chunks_exact(dimension).enumerate() {
                step.is_at(point);
                each(values, lane, point);
            }
        });
    }
}

/// Ends the job where the number behind the last value is no longer there.
fn check_guard(guard: f64, names: &Names, components: usize) {
    if guard.to_bits() != GUARD.to_bits() {
        crash::end_by_too_many_values(names, components);
    }
}

dispatch! {
    fn map(isa: Supported, domain: &Domain, u: &[Row], points: &mut [Row], weights: &mut Weights)
        = domain.map(u, points, weights);
}

impl Kernel for CompiledFunction {
    fn inner(&self) -> &dyn Kernel {
        self
    }

    fn dimension(&self) -> usize {
        self.domain.dimension()
    }

    fn components(&self) -> usize {
        self.components
    }

    fn volume(&self) -> f64 {
        self.domain.volume()
    }

    fn exact(&self) -> Option<f64> {
        None
    }

    fn is_weighted(&self) -> bool {
        self.domain.is_weighted()
    }

    fn place(&self, u: &[f64]) -> Vec<f64> {
        self.domain.place(u)
    }

    fn range(&self, coordinate: usize) -> [f64; 2] {
        self.domain.range(coordinate)
    }

    fn evaluate(&mut self, rows: &[Row], values: &mut [Row], isa: Supported) {
        let groups = values.len() / self.components;
        for (group, u) in rows.chunks_exact(self.points.len()).enumerate() {
            map(isa, &self.domain, u, &mut self.points, &mut self.weights);
            self.call();
            for (component, found) in self.values.iter_mut().take(self.components).enumerate() {
                if self.domain.is_weighted() {
                    // A weight may have overflowed where the function has underflowed: 0 stays 0.
                    found.update(
                        self.weights.product(),
                        |value, weight| if value == 0.0 { 0.0 } else { value * weight },
                    );
                }
                values[component * groups + group] = *found;
            }
        }
    }

    fn duplicate(&self) -> Box<dyn Kernel> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice;

    fn made(address: *const c_void, form: Form, components: usize, bounds: &str) -> CompiledFunction {
        let names = Arc::new(Names { file: "test".to_owned(), function: "f".to_owned() });
        let number = |text: &str| text.parse().map_err(|_| format!("no number: {text}"));
        let domain = Domain::parse(bounds, number).expect("a region");
        CompiledFunction::new(Library { names, fingerprint: String::new(), address }, form, components, domain)
    }

    fn scalar(function: Scalar, bounds: &str) -> CompiledFunction {
        made(function as *const c_void, Form::Scalar, 1, bounds)
    }

    fn batch(function: Batch, bounds: &str) -> CompiledFunction {
        made(function as *const c_void, Form::Batch, 1, bounds)
    }

    /// The coordinates as the digits of a number.
    unsafe extern "C-unwind" fn digits(dim: c_int, x: *const f64, data: *mut c_void) -> f64 {
        assert!(data.is_null());
        // SAFETY: the caller has `dim` numbers.
        unsafe { slice::from_raw_parts(x, dim as usize) }.iter().fold(0.0, |sum, x| 1000.0 * sum + x)
    }

    unsafe extern "C-unwind" fn all_digits(
        points: c_int,
        dim: c_int,
        x: *const f64,
        values: *mut f64,
        data: *mut c_void,
    ) {
        assert!(data.is_null());
        let (points, dim) = (points as usize, dim as usize);
        // SAFETY: the caller has `points` values and `dim` times as many coordinates.
        let (x, values) =
            unsafe { (slice::from_raw_parts(x, points * dim), slice::from_raw_parts_mut(values, points)) };
        for (point, value) in values.iter_mut().enumerate() {
            *value = (0..dim).fold(0.0, |sum, d| 1000.0 * sum + x[d * points + point]);
        }
    }

    /// Sets the first value only.
    unsafe extern "C-unwind" fn half(_: c_int, _: c_int, _: *const f64, values: *mut f64, _: *mut c_void) {
        // SAFETY: the caller has more than one.
        unsafe { *values = 1.0 };
    }

    unsafe extern "C-unwind" fn zero(_: c_int, _: *const f64, _: *mut c_void) -> f64 {
        0.0
    }

    /// Row d holds the numbers 128 d to 128 d + 127, as parts of 512.
    fn points(dimension: usize) -> Vec<Row> {
        let row = |d: usize| Row(std::array::from_fn(|i| (WIDTH * d + i) as f64 / 512.0));
        (0..dimension).map(row).collect()
    }

    #[test]
    fn both_forms_get_every_coordinate_of_every_point() {
        let bounds = "0:512,0:512,512:1024";
        let expected: Vec<f64> = (0..WIDTH).map(|i| (1e6 + 1e3) * i as f64 + 128e3 + (768 + i) as f64).collect();
        for mut function in [scalar(digits, bounds), batch(all_digits, bounds)] {
            assert_eq!((function.dimension(), function.volume()), (3, 512.0 * 512.0 * 512.0));
            assert_eq!(function.values(&points(3)).0[..], expected, "{:?}", function.form);
        }
    }

    /// Sum and product of two coordinates.
    unsafe extern "C-unwind" fn both(_: c_int, x: *const f64, values: *mut f64, _: *mut c_void) {
        // SAFETY: the caller has two numbers, and room for two.
        unsafe { [*values, *values.add(1)] = [*x + *x.add(1), *x * *x.add(1)] };
    }

    unsafe extern "C-unwind" fn all_both(points: c_int, _: c_int, x: *const f64, values: *mut f64, _: *mut c_void) {
        let points = points as usize;
        // SAFETY: the caller has two coordinates and two values for each point.
        let (x, values) =
            unsafe { (slice::from_raw_parts(x, 2 * points), slice::from_raw_parts_mut(values, 2 * points)) };
        for i in 0..points {
            values[i] = x[i] + x[points + i];
            values[points + i] = x[i] * x[points + i];
        }
    }

    #[test]
    fn components_are_rows_in_both_forms() {
        let vector = made(both as *const c_void, Form::Vector, 2, "0:512,0:512");
        let batch = made(all_both as *const c_void, Form::Batch, 2, "0:512,0:512");
        let rows = [points(2), points(2)].concat();
        for mut function in [vector, batch] {
            for isa in Supported::all() {
                let mut values = vec![Row::all(0.0); 4];
                function.evaluate(&rows, &mut values, isa);
                for i in 0..WIDTH {
                    let (x, y) = (i as f64, (WIDTH + i) as f64);
                    let found: Vec<f64> = values.iter().map(|row| row.0[i]).collect();
                    assert_eq!(found, [x + y, x + y, x * y, x * y]);
                }
            }
        }
    }

    #[test]
    fn what_a_vector_does_not_set_is_not_a_number() {
        let mut function = made(both as *const c_void, Form::Vector, 3, "0:1,0:1");
        let values = function.all_values(&points(2));
        assert!(values[1].0.iter().all(|value| value.is_finite()) && values[2].0.iter().all(|value| value.is_nan()));
    }

    #[test]
    fn what_a_batch_does_not_set_is_not_a_number() {
        let values = batch(half, "0:1").values(&points(1));
        assert_eq!(values.0[0], 1.0);
        assert!(values.0[1..].iter().all(|value| value.is_nan()));
    }

    /// x = u / (1 - u) has the derivative 1 / (1 - u)^2.
    #[test]
    fn values_have_the_weights_of_the_region() {
        let u = Row::all(0.75);
        assert_eq!(scalar(digits, "0:inf").values(&[u]).0, [3.0 * 16.0; WIDTH]);
        assert_eq!(scalar(digits, "0:inf").place(&[0.75]), [3.0]);
    }

    /// Near enough to the ends of 12 half lines.
    #[test]
    fn a_value_of_0_stays_0_where_its_weight_overflows() {
        let bounds = ["0:inf"; 12].join(",");
        let u = [Row::all(1.0 - f64::EPSILON); 12];
        assert!(scalar(digits, &bounds).values(&u).0.iter().all(|value| value.is_infinite()));
        assert_eq!(scalar(zero, &bounds).values(&u).0, [0.0; WIDTH]);
    }
}
