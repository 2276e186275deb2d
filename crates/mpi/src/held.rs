//! Memory whose address MPI holds while a request is under way.
//!
//! A `Box` that is moved claims that nothing else points to what is in it, and the compiler may
//! build on that; MPI points to it. So this owner keeps a raw pointer, which claims nothing.

use std::ptr::NonNull;

/// A value on the heap that stays where it is, however its owner is moved.
#[derive(Debug)]
pub struct Held<T>(NonNull<T>);

impl<T> Held<T> {
    /// Puts it there.
    pub fn new(value: T) -> Held<T> {
        Held(NonNull::from(Box::leak(Box::new(value))))
    }

    /// Where it is: valid while `self` lives.
    pub fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer came from a box, and is given back once.
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
        let held = Held::new(Rc::clone(&value));
        let address = held.as_ptr();
        let moved = vec![held];
        assert_eq!((moved[0].as_ptr(), Rc::strong_count(&value)), (address, 2));
        drop(moved);
        assert_eq!(Rc::strong_count(&value), 1);
    }
}
