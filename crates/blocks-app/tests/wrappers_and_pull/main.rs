//! What the wrappers and the pull promise, over mocks and over the fake, in virtual time.

mod budgeted;
mod paced;
mod pull;
mod retried;
mod support;
mod translated;
