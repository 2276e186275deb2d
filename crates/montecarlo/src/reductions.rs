//! Variance reductions that serve any integrand: kernels that wrap another one.
//!
//! Stands beside [`methods`](super::methods), whose antithetic pairs and control variates know the
//! quarter circle and are compiled with it. Here the integrand is any
//! [`Kernel`](super::sampler::Kernel). A wrapped one has another variance and the same integral, so
//! the sums, the errors and the jobs are those of independent uniform samples.
//!
//! Stratified samples of any integrand are passes over the boxes of [`vegas`](super::vegas),
//! without its training.

mod antithetic;
mod control;

pub use antithetic::AntitheticKernel;
pub use control::ControlledKernel;
