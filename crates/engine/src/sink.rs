//! The sink of an in-order delivery, on its own thread: a reader that pauses stops the list, not
//! the root's messages.
//!
//! The driver hands over one tally, and the next one when that is written. So memory holds no more
//! than the window of the delivery allows. When a job is stopped while the reader does not read,
//! the thread is abandoned: it ends with the process.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::background::Background;
use crate::error::JobError;

/// Why a sink accepts nothing more.
#[derive(Debug)]
pub enum SinkError {
    /// Its reader closed the stream: the job ends quietly.
    ReaderGone,
    /// It failed: the job ends with this error.
    Failed(JobError),
}

/// Receives the tallies of a job in block order, at the root, on its own thread.
pub trait Sink<T>: Send + 'static {
    /// Receives the next tally. It must note in `steps` each part that the reader has taken.
    ///
    /// # Errors
    /// An obstacle that ends the job; the sink receives nothing more.
    fn take(&mut self, tally: T, steps: &ReaderSteps) -> Result<(), SinkError>;

    /// The end of the list: nothing may remain in a buffer.
    ///
    /// # Errors
    /// As [`Sink::take`].
    fn flush(&mut self) -> Result<(), SinkError>;
}

/// Counts what a reader takes, to distinguish a slow reader from one that does not read.
#[derive(Clone, Debug, Default)]
pub struct ReaderSteps(Arc<AtomicU64>);

impl ReaderSteps {
    /// Counts one more.
    pub fn step(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    fn taken(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The root's end of a sink that works in the background.
pub(crate) struct Writer<T> {
    /// Gives the sink a tally, or the end. `None`: the end was given.
    feed: Option<Feed<T>>,
    answers: Receiver<Result<(), SinkError>>,
    steps: ReaderSteps,
    /// Answers still to come: for the tally in work, and for the last flush.
    awaited: usize,
    /// The step count at the last look.
    steps_seen: u64,
}

/// Gives a sink its next tally; `None`: the end.
type Feed<T> = Box<dyn Fn(Option<T>)>;

/// The state of a writer.
#[derive(Debug)]
pub(crate) enum WriterState {
    /// It has no work.
    Resting,
    /// It has finished its tally, or has closed.
    Done,
    /// It is writing.
    Busy,
    /// It can write nothing more.
    Failed(SinkError),
}

impl<T: Send + 'static> Writer<T> {
    /// Starts; the sink is returned when everything is written.
    pub(crate) fn begin<S: Sink<T>>(sink: S, background: Arc<dyn Background>) -> (Writer<T>, Receiver<S>) {
        let (answer, answers) = channel();
        let (give_back, back) = channel();
        let steps = ReaderSteps::default();
        let noted = steps.clone();
        let held = Arc::new(Mutex::new(HeldSink { sink: Some(sink), is_good: true }));
        let feed = move |tally: Option<T>| {
            let (held, noted) = (Arc::clone(&held), noted.clone());
            let (answer, give_back) = (answer.clone(), give_back.clone());
            background.submit(Box::new(move || {
                let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
                let done = match tally {
                    Some(tally) => held.take(tally, &noted),
                    None => held.close(&give_back),
                };
                // When the job has given up, the answer has no receiver.
                done.map(|done| answer.send(done));
            }));
        };
        (Writer { feed: Some(Box::new(feed)), answers, steps, awaited: 0, steps_seen: 0 }, back)
    }

    /// Gives it a tally; only when it is idle.
    pub(crate) fn give(&mut self, tally: T) {
        if let Some(feed) = &self.feed {
            feed(Some(tally));
            self.awaited += 1;
        }
    }

    /// The end: what is in buffers is written.
    pub(crate) fn close(&mut self) {
        if let Some(feed) = self.feed.take() {
            feed(None);
            self.awaited += 1;
        }
    }

    /// Checks the state of the background.
    pub(crate) fn look(&mut self) -> WriterState {
        if self.awaited == 0 {
            return WriterState::Resting;
        }
        match self.answers.try_recv() {
            Ok(answer) => {
                self.awaited -= 1;
                answer.map_or_else(WriterState::Failed, |()| WriterState::Done)
            }
            // If it panicked, the job ends elsewhere.
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => WriterState::Busy,
        }
    }

    /// Whether the reader has taken anything since the last call.
    pub(crate) fn has_moved(&mut self) -> bool {
        let before = std::mem::replace(&mut self.steps_seen, self.steps.taken());
        before != self.steps_seen
    }
}

/// Closes a sink that receives nothing more, also when the job ends in an error.
impl<T> Drop for Writer<T> {
    fn drop(&mut self) {
        if let Some(feed) = self.feed.take() {
            feed(None);
        }
    }
}

/// The sink, as the background thread holds it.
struct HeldSink<S> {
    sink: Option<S>,
    is_good: bool,
}

impl<S> HeldSink<S> {
    fn take<T>(&mut self, tally: T, steps: &ReaderSteps) -> Option<Result<(), SinkError>>
    where
        S: Sink<T>,
    {
        let taken = self.sink.as_mut()?.take(tally, steps);
        self.is_good &= taken.is_ok();
        Some(taken)
    }

    fn close<T>(&mut self, give_back: &Sender<S>) -> Option<Result<(), SinkError>>
    where
        S: Sink<T>,
    {
        let mut sink = self.sink.take()?;
        let flushed = if self.is_good { sink.flush() } else { Ok(()) };
        let _ = give_back.send(sink);
        Some(flushed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::SyncSender;
    use std::thread;

    use super::*;
    use crate::background::BackgroundThread;

    /// Passes tallies to a reader that may not read.
    struct ChannelSink(SyncSender<u32>);

    impl Sink<u32> for ChannelSink {
        fn take(&mut self, tally: u32, steps: &ReaderSteps) -> Result<(), SinkError> {
            self.0.send(tally).map_err(|_| SinkError::ReaderGone)?;
            steps.step();
            Ok(())
        }

        fn flush(&mut self) -> Result<(), SinkError> {
            self.0.send(u32::MAX).map_err(|_| SinkError::ReaderGone)
        }
    }

    fn begin(sink: ChannelSink) -> (Writer<u32>, Receiver<ChannelSink>) {
        Writer::begin(sink, Arc::new(BackgroundThread::begin("sink").expect("a thread")))
    }

    fn until_idle(writer: &mut Writer<u32>) -> Result<(), SinkError> {
        loop {
            match writer.look() {
                WriterState::Resting | WriterState::Done => return Ok(()),
                WriterState::Busy => thread::yield_now(),
                WriterState::Failed(error) => return Err(error),
            }
        }
    }

    #[test]
    fn the_sink_is_returned_when_everything_is_written() {
        let (to, from) = std::sync::mpsc::sync_channel(9);
        let (mut writer, back) = begin(ChannelSink(to));
        for tally in 0..3 {
            writer.give(tally);
            until_idle(&mut writer).expect("a reader");
        }
        writer.close();
        until_idle(&mut writer).expect("a reader");
        drop(back.try_recv().expect("the sink"));
        assert_eq!(from.iter().collect::<Vec<_>>(), [0, 1, 2, u32::MAX]);
    }

    #[test]
    fn a_closed_stream_is_an_error() {
        let (to, from) = std::sync::mpsc::sync_channel(9);
        let (mut writer, _back) = begin(ChannelSink(to));
        drop(from);
        writer.give(1);
        assert!(matches!(until_idle(&mut writer), Err(SinkError::ReaderGone)));
        writer.close();
        until_idle(&mut writer).expect("nothing is flushed then");
    }

    #[test]
    fn a_paused_reader_differs_from_a_slow_one() {
        let (to, from) = std::sync::mpsc::sync_channel(0);
        let (mut writer, back) = begin(ChannelSink(to));
        writer.give(1);
        assert!(matches!(writer.look(), WriterState::Busy));
        assert!(!writer.has_moved());
        assert_eq!(from.recv(), Ok(1));
        until_idle(&mut writer).expect("read");
        assert!(writer.has_moved() && !writer.has_moved());
        writer.close();
        assert!(!writer.has_moved() && back.try_recv().is_err());
    }
}
