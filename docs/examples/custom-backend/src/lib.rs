//! Two backends written by an outsider: [`FileTokenStore`] keeps tokens in a file, and
//! [`JsonFileApi`] reads a block list out of one.

mod file_token_store;
mod json_file_api;

pub use file_token_store::FileTokenStore;
pub use json_file_api::JsonFileApi;
