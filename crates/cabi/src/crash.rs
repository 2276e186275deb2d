//! A function that crashes, or ends the program, ends the job with one message that names it.
//!
//! Handlers of SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT are installed when a library is loaded.
//! They act only on a thread that runs the function at that moment (`during`); otherwise the
//! handler from before gets the signal. A function that calls `exit` (Fortran's `stop`) would end
//! one rank with success and without a result: exit handlers find that, one for each thread. Each
//! call of `exit` takes a handler off the process's list. With a single handler, a second thread
//! that exits at the same moment would end the process with success. A C++ exception that leaves
//! the function ends the job too. In a program whose panics abort, only the main thread has a frame
//! that catches it; on other threads it calls `abort`, as C++ wants it where nothing catches.
//!
//! Everything in a handler is async-signal-safe: no allocation, no lock, and the message goes
//! through [`EndJob`]. A handler has its own stack, since a recursion without end leaves none.

use std::cell::OnceCell;
use std::ffi::{c_int, c_void};
use std::fmt;
use std::mem::MaybeUninit;
use std::panic;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering::Relaxed, Ordering::SeqCst, compiler_fence};

use super::library::Names;

/// Prints a message with this rank and its host, and ends the whole job with exit code 1. Called in
/// a signal handler: it must not allocate or wait for a lock.
pub type EndJob = fn(fmt::Arguments<'_>) -> !;

/// What the handlers call; without it they do nothing.
static END_JOB: OnceLock<EndJob> = OnceLock::new();

/// From now on a crash of the user's code ends the job through `end_job`. Call it before a library
/// is loaded; later calls have no effect.
pub fn report_by(end_job: EndJob) {
    let _ = END_JOB.set(end_job);
}

/// Signals of crashes, and what each usually means.
const CRASHES: [(c_int, &str, &str); 5] = [
    (libc::SIGSEGV, "SIGSEGV", "invalid memory access, such as an index out of bounds or a recursion without end"),
    (libc::SIGBUS, "SIGBUS", "invalid memory access, or the file was overwritten"),
    (libc::SIGFPE, "SIGFPE", "such as an integer division by zero"),
    (libc::SIGILL, "SIGILL", "an instruction that this CPU lacks, such as by -march=native on another host"),
    (libc::SIGABRT, "SIGABRT", "it called abort, or an assertion, exception or panic did"),
];

/// Coordinates of a point that a message shows.
const MOST_COORDINATES: usize = 6;

/// Bytes of the stack of the handlers. The frame of a signal alone takes 3 KB with AVX-512, 11 KB
/// with AMX.
const STACK: usize = 64 << 10;

/// Code of the user's that a thread is about to run.
pub(crate) struct Step<'a> {
    names: &'a Names,
    is_load: bool,
    /// The address of the point, which has `dimension` numbers; null: not known.
    point: AtomicPtr<f64>,
    dimension: usize,
}

impl Step<'_> {
    /// The initialisers of the library.
    pub(crate) fn load(names: &Names) -> Step<'_> {
        Step { names, is_load: true, point: AtomicPtr::default(), dimension: 0 }
    }

    /// The function, on points of `dimension` coordinates.
    pub(crate) fn call(names: &Names, dimension: usize) -> Step<'_> {
        Step { names, is_load: false, point: AtomicPtr::default(), dimension }
    }

    /// Notes the point of the next call. It must stay in place until the step ends.
    #[inline(always)]
    pub(crate) fn is_at(&self, point: &[f64]) {
        debug_assert_eq!(point.len(), self.dimension);
        self.point.store(point.as_ptr().cast_mut(), Relaxed);
    }
}

thread_local! {
    /// What this thread runs of the user's code; null: nothing.
    static RUNNING: AtomicPtr<c_void> = const { AtomicPtr::new(ptr::null_mut()) };
    static STACK_OF_THREAD: OnceCell<HandlerStack> = const { OnceCell::new() };
}

/// Runs `code`, which is that of `step`.
pub(crate) fn during<T>(step: &Step<'_>, code: impl FnOnce() -> T) -> T {
    prepare_thread();
    RUNNING.with(|running| {
        running.store(ptr::from_ref(step).cast_mut().cast(), Relaxed);
        compiler_fence(SeqCst);
        let unwinding = Unwinding;
        let value = code();
        std::mem::forget(unwinding);
        compiler_fence(SeqCst);
        running.store(ptr::null_mut(), Relaxed);
        value
    })
}

/// Dropped when an exception leaves the function, in a program whose panics unwind.
struct Unwinding;

impl Drop for Unwinding {
    fn drop(&mut self) {
        end_by_exception();
        RUNNING.with(|running| running.store(ptr::null_mut(), Relaxed));
    }
}

/// Ends the job if this thread runs the user's code.
fn end_by_exception() {
    if let Some(step) = running() {
        let Names { file, function } = step.names;
        end(format_args!("the function {function} of {file} threw an exception{}", Place(step)));
    }
}

/// Ends the job: the function has set more values than it was to set.
pub(crate) fn end_by_too_many_values(names: &Names, components: usize) {
    let Names { file, function } = names;
    let count = if components == 1 { "1 value".to_owned() } else { format!("{components} values") };
    end(format_args!(
        "the function {function} of {file} sets more than {count} for a point; --components says how many"
    ))
}

/// Installs the handlers, once.
pub(crate) fn prepare() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        for (place, (signal, _, _)) in CRASHES.iter().enumerate() {
            let mut before = MaybeUninit::<libc::sigaction>::zeroed();
            // SAFETY: zero is a valid value of every field; the handler has the type that
            // SA_SIGINFO asks for; `before` is written if the call succeeds.
            unsafe {
                let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
                action.sa_sigaction = on_signal as *const () as usize;
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                if libc::sigaction(*signal, &action, before.as_mut_ptr()) == 0 {
                    let _ = BEFORE[place].set(before.assume_init());
                }
            }
        }
        // In a program that aborts on a panic, so does an exception, through this hook.
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            end_by_exception();
            hook(panic);
        }));
    });
}

/// The actions from before, in the order of the signals.
static BEFORE: [OnceLock<libc::sigaction>; 5] = [const { OnceLock::new() }; 5];

/// A stack for the handlers of a thread.
struct HandlerStack(Box<[u8]>);

impl HandlerStack {
    fn install() -> HandlerStack {
        let mut memory = vec![0u8; STACK].into_boxed_slice();
        let stack = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: STACK };
        // SAFETY: the memory has this size, stays where it is until `drop`, and is used for nothing
        // else. If the call fails, a recursion without end gives no message.
        unsafe { libc::sigaltstack(&stack, ptr::null_mut()) };
        HandlerStack(memory)
    }
}

impl Drop for HandlerStack {
    fn drop(&mut self) {
        let none = libc::stack_t { ss_sp: self.0.as_mut_ptr().cast(), ss_flags: libc::SS_DISABLE, ss_size: STACK };
        // SAFETY: no handler runs on this stack, since none returns to the code that ends a thread.
        unsafe { libc::sigaltstack(&none, ptr::null_mut()) };
    }
}

/// Gives this thread a stack for handlers and an exit handler, once.
fn prepare_thread() {
    // In the destructors of a thread there is no stack any more; then the thread's own must do.
    let _ = STACK_OF_THREAD.try_with(|stack| {
        stack.get_or_init(|| {
            // SAFETY: the handler has the right type and stays where it is.
            unsafe { libc::atexit(on_exit) };
            HandlerStack::install()
        });
    });
}

/// The step that this thread runs.
fn running<'a>() -> Option<&'a Step<'a>> {
    let step = RUNNING.with(|running| running.load(Relaxed)).cast_const().cast::<Step<'_>>();
    // SAFETY: `during` keeps the step until it has set the pointer back.
    unsafe { step.as_ref() }
}

/// Ends the job, once: a second thread that crashes waits for the end.
fn end(text: fmt::Arguments<'_>) {
    static HAS_ENDED: AtomicBool = AtomicBool::new(false);
    let Some(end_job) = END_JOB.get() else { return };
    while HAS_ENDED.swap(true, SeqCst) {
        // SAFETY: it only waits.
        unsafe { libc::pause() };
    }
    end_job(text)
}

extern "C" fn on_signal(signal: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    let index = CRASHES.iter().position(|(number, _, _)| *number == signal).unwrap_or(0);
    let (_, name, meaning) = CRASHES[index];
    match running() {
        Some(Step { names, is_load: true, .. }) => {
            end(format_args!("loading {} crashed: {name}, {meaning}", names.file))
        }
        Some(step) => {
            let Names { file, function } = step.names;
            end(format_args!("the function {function} of {file} crashed{}: {name}, {meaning}", Place(step)));
        }
        None => {}
    }
    // SAFETY: the action is one that was installed. The kernel passes a valid `info`. A fault that
    // an instruction caused happens again on return; a signal that was sent is sent again.
    unsafe {
        if let Some(before) = BEFORE[index].get() {
            libc::sigaction(signal, before, ptr::null_mut());
        }
        if (*info).si_code <= 0 {
            libc::raise(signal);
        }
    }
}

extern "C" fn on_exit() {
    if let Some(step) = running() {
        let Names { file, function } = step.names;
        end(format_args!("the function {function} of {file} ended the program{} instead of returning", Place(step)));
    }
}

/// ` at (0.5, 0.25)`, or that it was a batch: a function of the other form crashes there.
struct Place<'a>(&'a Step<'a>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (point, dimension) = (self.0.point.load(Relaxed), self.0.dimension);
        if point.is_null() {
            return f.write_str(" on a batch of points (--form batch)");
        }
        f.write_str(" at (")?;
        for d in 0..dimension.min(MOST_COORDINATES) {
            // SAFETY: the point holds `dimension` numbers, and lives as long as the step.
            write!(f, "{}{}", if d == 0 { "" } else { ", " }, unsafe { point.add(d).read() })?;
        }
        f.write_str(if dimension > MOST_COORDINATES { ", ...)" } else { ")" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names { file: "libf.so".to_owned(), function: "f".to_owned() }
    }

    #[test]
    fn a_place_is_a_point_or_a_batch() {
        let (names, many) = (names(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        let step = Step::call(&names, 2);
        assert_eq!(Place(&step).to_string(), " on a batch of points (--form batch)");
        step.is_at(&[0.5, -0.25]);
        assert_eq!(Place(&step).to_string(), " at (0.5, -0.25)");
        for (dimension, text) in [(6, " at (1, 2, 3, 4, 5, 6)"), (7, " at (1, 2, 3, 4, 5, 6, ...)")] {
            let step = Step::call(&names, dimension);
            step.is_at(&many[..dimension]);
            assert_eq!(Place(&step).to_string(), text);
        }
    }

    /// Also where a panic leaves the function, in a process without [`report_by`].
    #[test]
    fn a_step_is_known_while_it_runs() {
        let names = names();
        let step = Step::call(&names, 1);
        assert!(running().is_none());
        let found = during(&step, || running().is_some_and(|running| ptr::eq(running, &step)));
        assert!(found && running().is_none());
        let panicked = panic::catch_unwind(panic::AssertUnwindSafe(|| during(&step, || panic!("on purpose"))));
        assert!(panicked.is_err() && running().is_none());
    }
}
