//! The sandbox on the wire: whole answers, written down by hand.

mod activity;
mod agreement;
mod authorize;
mod client;
mod control;
mod errors;
mod faults;
mod home;
mod oauth1;
mod openapi;
mod pages;
mod reads;
mod reference;
mod tokens;
mod words;
mod writes;
