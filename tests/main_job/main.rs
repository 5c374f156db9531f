//! The main job, put together as a user of the libraries would: a block list is read over real
//! HTTP from the sandbox, through the wrappers, into SQLite, by a clock that nobody waits for.

mod accounts;
mod change;
mod connection;
mod expired;
mod faults;
mod interruption;
mod money;
mod scene;
mod shares;
mod sweeps;
mod vocabulary;
mod whole_list;
mod windows;
