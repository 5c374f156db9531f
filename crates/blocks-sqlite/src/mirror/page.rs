//! A page on its way into the file.

use blocks_domain::PageToken;
use blocks_ports::{MirrorPage, StoreError};
use rusqlite::Transaction;

use super::member::{self, Member};
use crate::error::Fault;

/// A page with its profiles as JSON.
pub(super) struct Prepared {
    pub(super) next_token: Option<PageToken>,
    /// It counts on the last page alone.
    pub(super) meets_known: bool,
    members: Vec<Member>,
}

impl Prepared {
    pub(super) fn new(page: &MirrorPage) -> Result<Self, StoreError> {
        let members = page.users.iter().map(|user| Member::new(user, page.received_at));
        Ok(Self {
            next_token: page.next_token.clone(),
            meets_known: page.meets_known && page.next_token.is_none(),
            members: members.collect::<Result<_, _>>()?,
        })
    }

    /// Stores the users behind the `users` that a body has, and says how many it has then;
    /// `before` is the body of the snapshot.
    pub(super) fn store(
        &self,
        tx: &Transaction<'_>,
        body: i64,
        before: Option<i64>,
        mut users: u64,
    ) -> Result<u64, Fault> {
        for member in &self.members {
            let before = match before {
                Some(before) => member::known(tx, before, member.user)?,
                None => None,
            };
            match member::id_of(tx, body, member.user)? {
                Some(id) => member.update(tx, id, before.as_ref())?,
                None => {
                    member.insert(tx, body, users.cast_signed(), before.as_ref())?;
                    users += 1;
                }
            }
        }
        Ok(users)
    }
}
