//! Sign-ins whose secrets lie in the keychain of the operating system.
//!
//! A keychain encrypts what it keeps with the person's login, but it cannot compare and swap: two
//! processes that refresh at once would lose a sign-in. So [`KeyringTokenStore`] wraps another
//! [`TokenStore`](blocks_ports::TokenStore), which goes on to decide who may refresh and whose
//! write stands. That store is given a reference where the secret would be, and the [`Keychain`]
//! keeps the secret.
//!
//! ```
//! use std::sync::Arc;
//!
//! use blocks_fake::stores::MemoryTokenStore;
//! use blocks_keyring::{Keychain, KeyringTokenStore, keyring_core};
//! use blocks_ports::{Credential, Revision, TokenStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // On a person's machine: `Keychain::system("blocks: /home/me/blocks.db").await?`.
//! let keychain = Keychain::new(keyring_core::mock::Store::new()?, "blocks: an example");
//! keychain.probe().await?;
//!
//! let revisions = MemoryTokenStore::default();
//! let store = KeyringTokenStore::new(Arc::new(revisions.clone()), keychain);
//! let (work, secret) = ("work".parse()?, Some(Credential::bearer("s3cret")));
//! store.swap(&work, Revision::NONE, secret.clone()).await?;
//!
//! assert_eq!(store.load(&work).await?.value, secret);
//! let beneath = revisions.load(&work).await?.value;
//! assert!(matches!(beneath, Some(Credential::Reference(_))), "the secret is not here");
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//! - The whole contract of a token store holds, between processes too, as far as it holds for the
//!   store within.
//! - No secret goes to the store within, and none that a person still needs is erased: a secret is
//!   in the keychain before its reference stands, and goes after nothing can refer to it any more.
//! - A sign-in that was in the store within before the keychain was chosen is handed out as it is;
//!   the next write moves it into the keychain.
//!
//! # What it does not
//! - A process that is killed between its two writes leaves a secret in the keychain that nothing
//!   refers to. The next write to the same account erases it, where the keychain can be searched,
//!   as those of Linux, macOS and Windows can.
//! - Every storage needs a service name of its own, since it erases what lies under that name.
//!   A storage that was moved, and has another service name now, still reads what it wrote under
//!   the old one, but does not erase it: it could be the copy, and the secret the original's.
//! - Windows takes 2,560 bytes for one entry. A sign-in at X is some 500 bytes, written as UTF-8;
//!   one that does not fit is refused as `Unsupported`, and what stood before still stands.
//! - A locked keychain may ask the person to unlock it, and a call waits for the answer.

mod entry;
mod keychain;
mod store;
mod system;

pub use keychain::Keychain;
pub use keyring_core;
pub use store::KeyringTokenStore;
