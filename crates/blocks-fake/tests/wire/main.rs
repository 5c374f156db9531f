//! The sandbox on the wire: whole answers, written down by hand.

mod agreement;
mod authorize;
mod client;
mod control;
mod errors;
mod faults;
mod oauth1;
mod pages;
mod reads;
mod tokens;
mod words;
mod writes;
