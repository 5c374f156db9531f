//! The program, by running it: against its own sandbox, and against answers written by hand.

mod answers;
mod browser;
mod change;
mod doctor;
mod expired;
mod fresh;
mod kept;
mod mirror;
mod pages;
mod proxy;
mod pull;
mod sandbox;
mod secrets;
mod servers;
mod sign_in;
mod storage;
mod support;
mod told;
mod watch;
mod words;
mod xurl;
