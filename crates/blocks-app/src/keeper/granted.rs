//! From what the server granted to what is stored.

use blocks_ports::{OAuth2Credential, TokenGrant};
use jiff::Timestamp;

/// The sign-in that a grant makes, if the token endpoint was asked at `asked_at`.
///
/// The expiry is reckoned from the moment of asking, so that it is never too late. A grant that
/// does not name its scopes leaves them unknown.
///
/// ```
/// use std::time::Duration;
///
/// use blocks_app::oauth2_credential;
/// use blocks_ports::TokenGrant;
/// use jiff::Timestamp;
///
/// let mut grant = TokenGrant::new("access");
/// grant.expires_in = Some(Duration::from_secs(7200));
/// grant.scope = Some("block.read users.read".to_owned());
///
/// let asked_at = Timestamp::UNIX_EPOCH;
/// let credential = oauth2_credential(grant, asked_at);
/// assert_eq!(credential.expires_at, Some(asked_at + Duration::from_secs(7200)));
/// assert!(credential.scopes.is_some_and(|scopes| scopes.contains("block.read")));
/// ```
#[must_use]
pub fn oauth2_credential(grant: TokenGrant, asked_at: Timestamp) -> OAuth2Credential {
    let mut credential = OAuth2Credential::new(grant.access_token);
    credential.refresh_token = grant.refresh_token;
    credential.expires_at =
        grant.expires_in.map(|life| asked_at.saturating_add(life).unwrap_or(Timestamp::MAX));
    credential.scopes =
        grant.scope.map(|scopes| scopes.split_whitespace().map(str::to_owned).collect());
    credential
}
