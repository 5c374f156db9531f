//! The apps that people sign in through.

use blocks_ports::App;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::Authority;
use crate::seal::Seal;

/// An app that is registered with the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Client {
    /// One that can keep a secret.
    Confidential,
    /// One that runs where everybody can look into it.
    Public,
}

impl Client {
    const ALL: [Self; 2] = [Self::Confidential, Self::Public];

    /// The name that a person sees.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Confidential => "sandbox",
            Self::Public => "sandbox-public",
        }
    }

    fn id(self, seal: &Seal) -> String {
        seal.close_number(b"client id", self as u64)
    }

    fn secret(self, seal: &Seal) -> Option<SecretString> {
        (self == Self::Confidential)
            .then(|| seal.close_number(b"client secret", self as u64).into())
    }
}

impl Authority {
    /// The client with an id.
    pub(crate) fn client_named(&self, id: &str) -> Option<Client> {
        Client::ALL.into_iter().find(|client| client.id(&self.seal) == id)
    }

    /// The client with an id and exactly this secret: a public client has none.
    pub(crate) fn client(&self, id: &str, secret: Option<&str>) -> Option<Client> {
        let client = self.client_named(id)?;
        let its = client.secret(&self.seal);
        (its.as_ref().map(ExposeSecret::expose_secret) == secret).then_some(client)
    }

    /// A client as those who sign in through it know it.
    pub(in crate::world) fn app(&self, client: Client) -> App {
        let mut app = App::new(client.name(), client.id(&self.seal));
        app.client_secret = client.secret(&self.seal);
        app.redirect_uri = self.records.redirect_uris.first().cloned();
        app
    }

    /// Whether people may be sent back to this address: it must be registered, to the letter.
    pub(crate) fn is_redirect_uri(&self, uri: &str) -> bool {
        self.records.redirect_uris.iter().any(|registered| registered == uri)
    }

    pub(in crate::world) fn register_redirect_uri(&mut self, uri: String) {
        if !self.is_redirect_uri(&uri) {
            self.records.redirect_uris.push(uri);
        }
    }
}
