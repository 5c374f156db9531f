//! `HttpApi` against hand-written answers: what it sends, what it reads, and how it fails.
//!
//! The answers follow what is known of the live API, not what our own sandbox says; `sandbox`
//! alone runs the rules of the ports against that.

mod connection;
mod credentials;
mod odd_answers;
mod pages;
mod refusals;
mod requests;
mod sandbox;
mod secrets;
mod streams;
mod support;
