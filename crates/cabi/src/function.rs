//! The loaded function as an [`Integrand`]: 128 points at a time, in one of two forms.
//!
//! A scalar function is called for each point. A batch gets all 128, coordinate by coordinate, as
//! the rows of the sampler have them: nothing is transposed, and the function's loops over points
//! become vectors.

use std::ffi::{c_int, c_void};
use std::ptr;

use montesieve_montecarlo::integrand::Integrand;
use montesieve_montecarlo::integrands::domain::{Domain, Weights};
use montesieve_montecarlo::uniform::{Row, WIDTH};

use super::crash::{self, Step};
use super::library::Library;

/// What a call computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `double f(int dim, const double *x, void *data)`.
    Scalar,
    /// `void f(int points, int dim, const double *x, double *values, void *data)`.
    Batch,
}

// A C++ exception unwinds; see `crash`.
type Scalar = unsafe extern "C-unwind" fn(c_int, *const f64, *mut c_void) -> f64;
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
    /// The same, point by point: for a scalar function.
    transposed: Vec<f64>,
}

impl CompiledFunction {
    pub(crate) fn new(library: Library, form: Form, domain: Domain) -> CompiledFunction {
        let dimension = domain.dimension();
        let transposed = if form == Form::Scalar { vec![0.0; WIDTH * dimension] } else { Vec::new() };
        let points = vec![Row::all(0.0); dimension];
        CompiledFunction { library, form, domain, weights: Weights::ones(), points, transposed }
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

    /// The values at `points`.
    #[inline(never)]
    fn call(&mut self) -> Row {
        // Whatever a batch does not set is not a number, and is found.
        let mut values = Row::all(f64::NAN);
        let dimension = self.points.len();
        match self.form {
            Form::Scalar => {
                // SAFETY: the user says that the function has this type.
                let function = unsafe { std::mem::transmute::<*const c_void, Scalar>(self.library.address) };
                self.transpose();
                let step = Step::call(&self.library.names, dimension);
                crash::during(&step, || {
                    for (value, point) in values.0.iter_mut().zip(self.transposed.chunks_exact(dimension)) {
                        step.is_at(point);
                        // SAFETY: `point` has `dimension` numbers; the function reads no others.
                        *value = unsafe { function(dimension as c_int, point.as_ptr(), ptr::null_mut()) };
                    }
                });
            }
            Form::Batch => {
                // SAFETY: the user says that the function has this type.
                let function = unsafe { std::mem::transmute::<*const c_void, Batch>(self.library.address) };
                let (points, to) = (self.points.as_ptr().cast::<f64>(), values.0.as_mut_ptr());
                // SAFETY: rows are adjacent, 128 numbers each; the function sets 128 values.
                crash::during(&Step::call(&self.library.names, dimension), || unsafe {
                    function(WIDTH as c_int, dimension as c_int, points, to, ptr::null_mut());
                });
            }
        }
        values
    }
}

impl Integrand for CompiledFunction {
    fn dimension(&self) -> usize {
        self.domain.dimension()
    }

    fn volume(&self) -> f64 {
        self.domain.volume()
    }

    fn exact(&self) -> Option<f64> {
        None
    }

    fn place(&self, u: &[f64]) -> Vec<f64> {
        self.domain.place(u)
    }

    #[inline(always)]
    fn values(&mut self, u: &[Row]) -> Row {
        self.domain.map(u, &mut self.points, &mut self.weights);
        let mut values = self.call();
        if self.domain.is_weighted() {
            // A weight may have overflowed where the function has underflowed: 0 stays 0.
            values.update(self.weights.product(), |value, weight| if value == 0.0 { 0.0 } else { value * weight });
        }
        values
    }
}
