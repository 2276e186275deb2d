//! The protocol of a round: one state machine for each rank, without I/O, clock or transport.
//!
//! A [`Machine`] receives [`Input`]s, each with the time. It returns [`Output`]s and the next piece
//! to compute, and says whether to poll for messages and when to call it again. The driver executes
//! that and decides nothing; the simulated cluster runs the same machine.
//!
//! A round, seen by one rank:
//! 1. It computes the span that was scattered to it, piece by piece, and asks for the next one in
//!    time.
//! 2. Once a second it reports to the root what it has done: for progress and checkpoints.
//! 3. When it and its children in the [`Tree`] have no work left, it reports to its parent that the
//!    branch has [`Finished`](Message::Finished).
//! 4. When all branches have finished, the root sends [`Close`](Message::Close) to every rank. From
//!    then on a rank sends only its part of the reduction.
//! 5. Unreported work is reduced along the tree, with the number of messages that each branch has
//!    sent to the root. When the root has received as many, none is under way.
//! 6. The root delivers what is left to deliver, and saves.
//!
//! | file | holds |
//! |---|---|
//! | `inout` | inputs and outputs of a machine |
//! | `machine` | the sequence of a round, for every rank |
//! | `root_state` | what only the root has: delivery, saves, the time limit |
//! | `root`, `worker` | which rank computes which blocks: answers and questions |
//! | `message` | the messages of a round, and their tree |
//! | `world` | all machines under virtual time |
//! | `piece_size`, `poll_schedule` | how long a piece is, and how often to poll for messages |

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
pub use root::{DeliveryWindow, Root};
pub use root_state::{Delivery, RootState, Saves};
