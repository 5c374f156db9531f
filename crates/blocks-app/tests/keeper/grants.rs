//! Grants that say less than X does, or last for less long.

use std::sync::Arc;
use std::time::Duration;

use blocks_app::KeeperPolicy;
use blocks_ports::{CredentialSource, MockTokenIssuer, TokenGrant, Versioned};

use crate::support::{Home, oauth2, work};

/// An issuer that grants so many times what lives for a minute, and names no scopes.
fn curt(times: usize) -> Arc<MockTokenIssuer> {
    let mut issuer = MockTokenIssuer::new();
    issuer.expect_refresh().times(times).returning(|_, _| {
        let mut grant = TokenGrant::new("access");
        grant.refresh_token = Some("refresh".into());
        grant.expires_in = Some(Duration::from_secs(60));
        Ok(grant)
    });
    Arc::new(issuer)
}

#[tokio::test]
async fn scopes_that_a_grant_does_not_name_stay_as_they_were() {
    let home = Home::new().await;
    let before = home.stored().await;
    let before = Versioned::new(before.revision, before.value.expect("signed in"));
    home.expire();
    let found = home.drive(home.keeper_with(curt(1)).current(&work())).await.expect("a token");
    assert!(oauth2(&found).scopes.is_some());
    assert_eq!(oauth2(&found).scopes, oauth2(&before).scopes);
}

#[tokio::test]
async fn a_token_that_lives_for_less_than_the_margin_is_used_for_a_while() {
    let home = Home::new().await;
    home.expire();
    let keeper = home.keeper_with(curt(2));
    let first = home.drive(keeper.current(&work())).await.expect("a token");
    assert_eq!(keeper.current(&work()).await.expect("the same"), first);
    home.clock.advance(KeeperPolicy::default().rest);
    let second = home.drive(keeper.current(&work())).await.expect("the next");
    assert!(second.revision > first.revision);
}
