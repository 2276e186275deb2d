//! Methods of a transport that only forwards them.
//!
//! Stands beside `first_ranks` and `thread_watch`, transports over another transport, which
//! implement only what they change. Every method that a transport may override is here or there: a
//! default implementation would hide that of the transport below.

/// Within `impl Transport`: forwards these methods to the transport in `self.$below`.
macro_rules! forward {
    ($below:ident) => {
        fn rank(&self) -> u64 {
            self.$below.rank()
        }

        fn original_rank(&self) -> u64 {
            self.$below.original_rank()
        }

        fn send(&self, to: u64, channel: Channel, bytes: Vec<u8>) -> Result<(), Lost> {
            self.$below.send(to, channel, bytes)
        }

        fn all_sent(&self, channel: Option<Channel>) -> Result<bool, Lost> {
            self.$below.all_sent(channel)
        }

        fn now(&self) -> std::time::Instant {
            self.$below.now()
        }

        fn confirm_all_alive(&self) -> Result<(), Lost> {
            self.$below.confirm_all_alive()
        }

        fn replay_log(&self) -> Option<&montesieve_engine::replay_log::ReplayLog> {
            self.$below.replay_log()
        }

        fn background(&self, name: &str) -> std::io::Result<Arc<dyn montesieve_engine::background::Background>> {
            self.$below.background(name)
        }

        fn disk(&self) -> Arc<dyn montesieve_engine::disk::Disk> {
            self.$below.disk()
        }

        fn own_signals(&self) -> Option<montesieve_engine::signals::Signals> {
            self.$below.own_signals()
        }

        fn lend(&self, value: SharedValue, takers: u64) -> Option<u64> {
            self.$below.lend(value, takers)
        }

        fn take_lent(&self, number: u64) -> Option<SharedValue> {
            self.$below.take_lent(number)
        }
    };
}
pub(crate) use forward;
