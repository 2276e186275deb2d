//! An integrand in Rust, compiled to a C library: `gaussian` at one point, `gaussians` at many in
//! one call.
//!
//! $ rustc --edition 2024 -O --crate-type cdylib -o librust.so rust.rs
//! $ montesieve integrate lib ./librust.so:gaussian --bounds 0:1,0:1 1e6
//! $ montesieve integrate lib ./librust.so:gaussians --form batch --bounds 0:1,0:1 1e6
//!
//! An integrand that is compiled into a Rust program needs no library: examples/own_integrand.rs.

use std::ffi::{c_int, c_void};
use std::slice;

/// # Safety
/// `x` holds `dim` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gaussian(dim: c_int, x: *const f64, _data: *mut c_void) -> f64 {
    // SAFETY: the caller promises it.
    let x = unsafe { slice::from_raw_parts(x, dim as usize) };
    let square: f64 = x.iter().map(|x| x * x).sum();
    (-square).exp()
}

/// # Safety
/// `x` holds `points` numbers for each of `dim` coordinates; there is room for `points` values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gaussians(points: c_int, dim: c_int, x: *const f64, values: *mut f64, _data: *mut c_void) {
    let points = points as usize;
    // SAFETY: the caller promises it.
    let (x, values) = unsafe {
        (slice::from_raw_parts(x, points * dim as usize), slice::from_raw_parts_mut(values, points))
    };
    values.fill(0.0);
    for coordinates in x.chunks_exact(points) {
        values.iter_mut().zip(coordinates).for_each(|(value, x)| *value += x * x);
    }
    values.iter_mut().for_each(|value| *value = (-*value).exp());
}
