//! Generates and checks.

fn main() {}
