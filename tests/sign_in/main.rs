//! Staying signed in, put together as the program does it: `Keeper` over a database file, with the
//! sandbox as the token endpoint over HTTP, in processes that know nothing of each other.

mod killed;
mod process;
mod races;
mod scene;
