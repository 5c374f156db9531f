//! The program, by running it: against its own sandbox, and against answers written by hand.

mod answers;
mod change;
mod mirror;
mod pages;
mod pull;
mod sandbox;
mod secrets;
mod support;
