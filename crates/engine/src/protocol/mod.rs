//! The protocol of a round: one state machine for each rank, without I/O, clock or transport.
//!
//! A [`Machine`] takes [`Input`]s, each with the time, and says what to do: [`Output`]s, the next
//! piece to compute, whether to look for messages, and when it wants to be called again. The driver
//! carries that out and decides nothing; the simulated cluster runs the same machine.
//!
//! A round, seen by one rank:
//! 1. It computes the span that was scattered to it, piece by piece, and asks for the next one in
//!    time.
//! 2. Once a second it reports to the root what it has done: for progress and checkpoints.
//! 3. When nothing is left for it and its children in the [`Tree`], it tells its parent
//!    that the branch has [`Finished`](Message::Finished).
//! 4. When all have, the root tells everyone to [`Close`](Message::Close): send nothing more but
//!    this:
//! 5. What is not reported yet is reduced along the tree, together with the number of messages that
//!    each branch has sent to the root; when the root has received as many, none is on its way.
//! 6. The root delivers what is left to deliver, and saves.
//!
//! | file | holds |
//! |---|---|
//! | `inout` | what goes into a machine, and what comes out |
//! | `machine` | the order of a round, for every rank |
//! | `root_state` | what only the root keeps: delivery, saves, the time limit |
//! | `root`, `worker` | who computes which blocks: answers and questions |
//! | `message` | what ranks tell each other, and along which tree |
//! | `world` | all machines under virtual time |
//! | `piece_size`, `poll_schedule` | how long a piece is, and how often to look for messages |

mod inout;
mod machine;
mod message;
mod piece_size;
mod poll_schedule;
mod root;
mod root_state;
mod worker;
pub mod world;

#[cfg(test)]
mod tests;

pub use inout::{Input, Output, Settings};
pub use machine::Machine;
pub use message::{Message, Tree};
pub use piece_size::PIECE;
pub use root::{Root, Window};
pub use root_state::{Delivery, RootState, Saves};
