//! The authorize page of OAuth 1.0a (RFC 5849, section 2.2).

use blocks_ports::OUT_OF_BAND;
use secrecy::ExposeSecret;

use crate::World;
use crate::server::Incoming;
use crate::server::answer::Answer;
use crate::server::consent::{Consent, notice, pin, redirect};
use crate::server::decision::{Decision, Verdict, decision, no_ticket};
use crate::server::form::{Form, with_parameters};
use crate::world::{Client, Question};

pub(crate) const PATH: &str = "/oauth/authorize";

/// Shows the consent page for a request token.
pub(crate) fn show(world: &World, query: &str) -> Answer {
    let form = Form::of_query(query);
    let token = form.get("oauth_token").filter(|_| form.repeated().is_none());
    let number = token
        .and_then(|token| world.with_authority(|authority, _| authority.request_number(token)));
    let asked = number.and_then(|number| ask(world, number, &world.owner_name(), None));
    asked.unwrap_or_else(|| {
        let text = "Its request token is unknown, decided about or too old.";
        notice(400, "This sign-in cannot go on", text)
    })
}

/// Does what the person at the page has decided.
pub(crate) fn decide(world: &World, incoming: &Incoming) -> Answer {
    let Decision { ticket, username, verdict } = match decision(incoming) {
        Ok(decision) => decision,
        Err(refused) => return *refused,
    };
    let question = world.with_authority(|authority, now| authority.take_ticket(&ticket, now));
    let Some(Question::OAuth1(number)) = question else { return no_ticket() };
    let done = match verdict {
        Verdict::Denied => deny(world, number),
        Verdict::Approved => approve(world, number, &username),
    };
    done.unwrap_or_else(no_ticket)
}

fn deny(world: &World, number: u64) -> Option<Answer> {
    let (callback, token) = world.with_authority(|authority, now| {
        let callback = authority.undecided_callback(number, now)?;
        authority.deny_request(number, now);
        Some((callback, authority.request_token_of(number).token))
    })?;
    Some(if callback == OUT_OF_BAND {
        notice(200, "Denied", "The app may not use an account. You can close this page.")
    } else {
        redirect(with_parameters(&callback, &[("denied", &token)]))
    })
}

fn approve(world: &World, number: u64, username: &str) -> Option<Answer> {
    let Some(person) = world.person_named(username) else {
        let complaint = format!("Nobody here has the handle {username}.");
        return ask(world, number, username, Some(complaint));
    };
    let (callback, token, verifier) = world.with_authority(|authority, now| {
        let callback = authority.undecided_callback(number, now)?;
        let verifier = authority.authorize_request(number, person, now)?;
        Some((callback, authority.request_token_of(number).token, verifier))
    })?;
    let verifier = verifier.expose_secret();
    Some(if callback == OUT_OF_BAND {
        pin(verifier)
    } else {
        let told = [("oauth_token", &*token), ("oauth_verifier", verifier)];
        redirect(with_parameters(&callback, &told))
    })
}

/// The consent page, if there is anything to decide.
fn ask(world: &World, number: u64, username: &str, complaint: Option<String>) -> Option<Answer> {
    let (callback, ticket, may_write) = world.with_authority(|authority, now| {
        let callback = authority.undecided_callback(number, now)?;
        let ticket = authority.ask(Question::OAuth1(number), now);
        Some((callback, ticket, authority.oauth1_may_write()))
    })?;
    let mut allows = vec!["see whom the account blocks, and see users and posts".to_owned()];
    if may_write {
        allows.push("block and unblock".to_owned());
    }
    allows.push("stay signed in until you end it".to_owned());
    let consent = Consent {
        app: Client::Confidential.name(),
        allows,
        action: PATH,
        ticket: &ticket,
        username,
        leads_to: Some(&*callback).filter(|callback| *callback != OUT_OF_BAND),
        complaint,
    };
    Some(consent.answer())
}
