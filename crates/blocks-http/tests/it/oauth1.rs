//! OAuth 1.0a: the signatures, and the calls that carry them.

mod calls;
mod flow;
mod signatures;
