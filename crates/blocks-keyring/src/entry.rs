//! The names of the entries in the keychain.

use blocks_ports::{AccountName, Credential, CredentialReference, Revision};

/// The name of an entry: no two writes ever use the same one.
///
/// It tells the revision that its writer expected. Once the account has gone past that revision,
/// nobody can make a reference to the entry stand any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntryName {
    pub(crate) service: String,
    pub(crate) account: AccountName,
    pub(crate) expected: Revision,
    nonce: String,
}

/// The [`place`](CredentialReference::place) of the references that are made here.
const PLACE: &str = "keychain";

impl EntryName {
    pub(crate) fn new(service: &str, account: &AccountName, expected: Revision) -> Self {
        let nonce = format!("{:032x}", rand::random::<u128>());
        Self { service: service.to_owned(), account: account.clone(), expected, nonce }
    }

    /// What the keychain calls the user: unique within the service.
    pub(crate) fn user(&self) -> String {
        let Self { account, expected, nonce, .. } = self;
        format!("{account}/{}/{nonce}", expected.get())
    }

    /// The entry that goes by these names in a keychain, if it is one of ours.
    pub(crate) fn from_specifiers(service: &str, user: &str) -> Option<Self> {
        let mut parts = user.rsplitn(3, '/');
        let (nonce, expected, account) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            service: service.to_owned(),
            account: account.parse().ok()?,
            expected: Revision::new(expected.parse().ok()?),
            nonce: nonce.to_owned(),
        })
    }

    pub(crate) fn to_credential(&self) -> Credential {
        let entry = format!("{}/{}", self.service, self.user());
        Credential::Reference(CredentialReference::new(PLACE, entry))
    }
}

/// What a credential in the store within stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Referent {
    /// Itself, or something in another place.
    Itself,
    /// An entry of the keychain.
    Entry(EntryName),
    /// A reference to the keychain that names no entry.
    Nowhere,
}

impl Referent {
    pub(crate) fn of(stored: Option<&Credential>) -> Self {
        let Some(Credential::Reference(reference)) = stored else { return Self::Itself };
        if reference.place != PLACE {
            return Self::Itself;
        }
        // A service may be a path; an account name has no slash.
        let user = reference.entry.rmatch_indices('/').nth(2);
        let name = user.and_then(|(slash, _)| {
            let (service, user) = reference.entry.split_at(slash);
            EntryName::from_specifiers(service, &user[1..])
        });
        name.map_or(Self::Nowhere, Self::Entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() -> AccountName {
        "work".parse().expect("a name")
    }

    #[test]
    fn a_name_comes_back_from_its_reference_and_from_the_keychain() {
        for service in ["blocks", "blocks: /home/me/blocks.db", "C:\\blocks.db", ""] {
            let name = EntryName::new(service, &work(), Revision::new(7));
            let read = Referent::of(Some(&name.to_credential()));
            assert_eq!(read, Referent::Entry(name.clone()));
            assert_eq!(EntryName::from_specifiers(service, &name.user()), Some(name));
        }
    }

    #[test]
    fn two_names_of_one_revision_differ() {
        let name = || EntryName::new("blocks", &work(), Revision::NONE);
        assert_ne!(name(), name());
    }

    #[test]
    fn what_is_no_reference_to_the_keychain_stands_for_itself() {
        let elsewhere = CredentialReference::new("vault", "blocks/work/7/abc");
        let elsewhere = Credential::Reference(elsewhere);
        for stored in [None, Some(Credential::bearer("s3cret")), Some(elsewhere)] {
            assert_eq!(Referent::of(stored.as_ref()), Referent::Itself, "{stored:?}");
        }
    }

    #[test]
    fn a_reference_that_names_no_entry_leads_nowhere() {
        for entry in ["", "work", "work/7/abc", "blocks/two words/7/abc", "blocks/work/x/abc"] {
            let reference = Credential::Reference(CredentialReference::new(PLACE, entry));
            assert_eq!(Referent::of(Some(&reference)), Referent::Nowhere, "{entry}");
        }
    }
}
