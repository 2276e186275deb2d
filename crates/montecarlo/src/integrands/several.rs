//! Several functions on one cube as one of several components.
//!
//! Stands beside the functions themselves: each is evaluated at the same points as the others, so
//! their integrals come from the same samples.
//!
//! Memory: that of all of them. Each maps the points to its region for itself.

use montesieve_kernel::isa::Supported;

use crate::sampler::Kernel;
use crate::uniform::Row;

/// Functions of one component, on regions that are the same.
pub struct Several {
    kernels: Vec<Box<dyn Kernel>>,
}

impl Several {
    /// `first` and `others`, which have the same region.
    pub fn new(first: Box<dyn Kernel>, others: impl IntoIterator<Item = Box<dyn Kernel>>) -> Several {
        Several { kernels: std::iter::once(first).chain(others).collect() }
    }
}

impl Kernel for Several {
    fn inner(&self) -> &dyn Kernel {
        &*self.kernels[0]
    }

    fn components(&self) -> usize {
        self.kernels.len()
    }

    fn evaluate(&mut self, rows: &[Row], values: &mut [Row], isa: Supported) {
        let groups = rows.len() / self.dimension();
        for (kernel, values) in self.kernels.iter_mut().zip(values.chunks_exact_mut(groups)) {
            kernel.evaluate(rows, values, isa);
        }
    }

    fn duplicate(&self) -> Box<dyn Kernel> {
        Box::new(Several { kernels: self.kernels.iter().map(|kernel| kernel.duplicate()).collect() })
    }
}
