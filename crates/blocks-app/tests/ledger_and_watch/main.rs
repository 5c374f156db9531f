//! What is written down of operations and of money, why users are missing, and following a list
//! as it changes; over the fake, over scripts, in virtual time.

mod changes;
mod explain;
mod metered;
mod recorded;
mod support;
mod watch;
