//! The program `blocks`.

fn main() {}
