//! Issuers of OAuth 1.0a, each with one fault.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use blocks_conformance::request_token_issuer::{RequestTokenIssuerHarness, rules};
use blocks_domain::Failure;
use blocks_ports::{
    ApiError, Consumer, IssueError, OAuth1Credential, OAuth1Grant, RequestToken, RequestTokenIssuer,
};
use secrecy::{ExposeSecret, SecretString};

use crate::{Broken, Shared, assert_bites, dawdle};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    GrantsADeadToken,
    ForgetsTheConsumer,
    RepeatsRequestTokens,
    RequestTokensWorkTwice,
    TradesAreNotAtomic,
    TakesAnyVerifier,
    TakesAnybodysVerifier,
    AsksNobody,
    GarbageIsAFailedCall,
    InvalidatesNothing,
    TakesAnySecret,
    TakesAnyConsumer,
    SpendsBeforeItChecks,
}

const FAULTS: &[(&str, Fault)] = &[
    ("an_authorized_request_token_becomes_a_sign_in_that_works", Fault::GrantsADeadToken),
    ("a_sign_in_carries_its_consumer", Fault::ForgetsTheConsumer),
    ("request_tokens_differ", Fault::RepeatsRequestTokens),
    ("a_request_token_works_once", Fault::RequestTokensWorkTwice),
    ("one_of_many_trades_is_granted", Fault::TradesAreNotAtomic),
    ("a_wrong_verifier_is_an_invalid_grant", Fault::TakesAnyVerifier),
    ("a_verifier_is_good_for_its_request_token_only", Fault::TakesAnybodysVerifier),
    ("an_unauthorized_request_token_is_an_invalid_grant", Fault::AsksNobody),
    ("an_unknown_request_token_is_an_invalid_grant", Fault::GarbageIsAFailedCall),
    ("an_invalidated_sign_in_no_longer_works", Fault::InvalidatesNothing),
    ("a_wrong_consumer_secret_is_an_invalid_client", Fault::TakesAnySecret),
    ("an_unknown_consumer_is_an_invalid_client", Fault::TakesAnyConsumer),
    ("a_refused_consumer_spends_nothing", Fault::SpendsBeforeItChecks),
];

#[test]
fn every_rule_bites() {
    let sources = [include_str!("../../src/request_token_issuer.rs")];
    assert_bites(&rules(), FAULTS, &sources, Storage::default);
}

type Storage = Shared<Server>;

#[derive(Debug, Default)]
struct Server {
    /// Request tokens, with their verifier once they are approved.
    requests: HashMap<String, Option<String>>,
    /// Every verifier that was ever shown.
    verifiers: HashSet<String>,
    /// The tokens of the sign-ins that work.
    tokens: HashSet<String>,
    issued: usize,
}

impl Server {
    fn next(&mut self, kind: &str) -> String {
        self.issued += 1;
        format!("{kind}-{}", self.issued)
    }
}

impl RequestTokenIssuerHarness for Broken<Storage, Fault> {
    async fn fresh() -> Self {
        Self { store: Storage::default(), fault: None }
    }

    fn issuer(&self) -> Arc<dyn RequestTokenIssuer> {
        Arc::new(Issuer { server: self.store.clone(), fault: self.fault })
    }

    fn consumer(&self) -> Consumer {
        Consumer::new("key", "the secret")
    }

    async fn authorize(&self, request: &RequestToken) -> SecretString {
        self.store.with(|server| {
            let verifier = server.next("pin");
            server.requests.insert(request.token.clone(), Some(verifier.clone()));
            server.verifiers.insert(verifier.clone());
            verifier.into()
        })
    }

    async fn accepts(&self, credential: &OAuth1Credential) -> bool {
        self.store.with(|server| server.tokens.contains(&credential.token))
    }
}

#[derive(Debug)]
struct Issuer {
    server: Storage,
    fault: Option<Fault>,
}

impl Issuer {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn admit(&self, consumer: &Consumer) -> Result<(), IssueError> {
        let known = consumer.key == "key" || self.has(Fault::TakesAnyConsumer);
        let secret = consumer.secret.expose_secret();
        let proven = secret == "the secret" || self.has(Fault::TakesAnySecret);
        if known && proven { Ok(()) } else { Err(IssueError::InvalidClient) }
    }

    fn takes(&self, server: &Server, expected: Option<&str>, verifier: &str) -> bool {
        match expected {
            None => self.has(Fault::AsksNobody),
            Some(_) if self.has(Fault::TakesAnyVerifier) => true,
            Some(_) if self.has(Fault::TakesAnybodysVerifier) => {
                server.verifiers.contains(verifier)
            }
            Some(expected) => verifier == expected,
        }
    }
}

#[async_trait]
impl RequestTokenIssuer for Issuer {
    async fn request_token(
        &self,
        consumer: &Consumer,
        _callback: &str,
    ) -> Result<RequestToken, IssueError> {
        self.admit(consumer)?;
        let repeats = self.has(Fault::RepeatsRequestTokens);
        self.server.with(|server| {
            let token = if repeats { "request".to_owned() } else { server.next("request") };
            server.requests.insert(token.clone(), None);
            Ok(RequestToken::new(token, "request secret"))
        })
    }

    async fn access_token(
        &self,
        consumer: &Consumer,
        request: &RequestToken,
        verifier: &SecretString,
    ) -> Result<OAuth1Grant, IssueError> {
        if !self.has(Fault::SpendsBeforeItChecks) {
            self.admit(consumer)?;
        }
        let found = self.server.with(|server| server.requests.get(&request.token).cloned());
        let Some(expected) = found else {
            let failed = || ApiError::new(Failure::InvalidRequest).into();
            let fails = self.has(Fault::GarbageIsAFailedCall);
            return Err(if fails { failed() } else { IssueError::InvalidGrant });
        };
        if self.has(Fault::TradesAreNotAtomic) {
            dawdle().await;
        }
        self.server.with(|server| {
            if !self.takes(server, expected.as_deref(), verifier.expose_secret()) {
                return Err(IssueError::InvalidGrant);
            }
            let spent = if self.has(Fault::RequestTokensWorkTwice) {
                false
            } else {
                server.requests.remove(&request.token).is_none()
            };
            if spent && !self.has(Fault::TradesAreNotAtomic) {
                return Err(IssueError::InvalidGrant);
            }
            self.admit(consumer)?;
            let token = server.next("token");
            if !self.has(Fault::GrantsADeadToken) {
                server.tokens.insert(token.clone());
            }
            let of = if self.has(Fault::ForgetsTheConsumer) { "" } else { &consumer.key };
            let secret = consumer.secret.clone();
            Ok(OAuth1Grant::new(OAuth1Credential::new(of, secret, token, "token secret")))
        })
    }

    async fn invalidate(&self, credential: &OAuth1Credential) -> Result<(), IssueError> {
        if !self.has(Fault::InvalidatesNothing) {
            self.server.with(|server| server.tokens.remove(&credential.token));
        }
        Ok(())
    }
}
