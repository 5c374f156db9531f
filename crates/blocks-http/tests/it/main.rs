//! `HttpApi` and `HttpTokenIssuer` against hand-written answers: what they send, what they read,
//! and how they fail.
//!
//! The answers follow what is known of the live API, not what our own sandbox says; `sandbox`
//! alone runs the rules of the ports against that.

mod activity;
mod authorization;
mod connection;
mod credentials;
mod issuer;
mod oauth1;
mod odd_answers;
mod pages;
mod probe;
mod refusals;
mod replay;
mod requests;
mod sandbox;
mod sandbox_sign_ins;
mod secrets;
mod secrets_of_sign_ins;
mod streams;
mod support;
mod words;
