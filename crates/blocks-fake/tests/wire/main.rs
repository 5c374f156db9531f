//! The sandbox on the wire: whole answers, written down by hand.

mod agreement;
mod client;
mod control;
mod errors;
mod faults;
mod reads;
mod words;
mod writes;
