//! Heap memory whose address MPI holds while a request is active.
//!
//! A `Box` asserts that nothing else points to its content, and the compiler may rely on that when
//! the box moves. But MPI points to it. So this owner keeps a raw pointer, which asserts nothing.

use std::ptr::NonNull;

/// A value on the heap whose address stays valid when its owner moves.
#[derive(Debug)]
pub struct RawBox<T>(NonNull<T>);

impl<T> RawBox<T> {
    /// Moves `value` to the heap.
    pub fn new(value: T) -> RawBox<T> {
        RawBox(NonNull::from(Box::leak(Box::new(value))))
    }

    /// Its address, valid while `self` lives.
    pub fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T> Drop for RawBox<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer came from a box, which is restored once.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn it_stays_where_it_is_and_goes_once() {
        let value = Rc::new(());
        let held = RawBox::new(Rc::clone(&value));
        let address = held.as_ptr();
        let moved = vec![held];
        assert_eq!((moved[0].as_ptr(), Rc::strong_count(&value)), (address, 2));
        drop(moved);
        assert_eq!(Rc::strong_count(&value), 1);
    }
}
