//! The authorize page of OAuth 2.0 (RFC 6749, section 4.1; RFC 7636).

use std::collections::BTreeSet;

use blocks_domain::Scope;

use crate::World;
use crate::server::Incoming;
use crate::server::answer::Answer;
use crate::server::consent::{Consent, notice, redirect};
use crate::server::decision::{Decision, Verdict, decision, no_ticket};
use crate::server::form::{Form, with_parameters};
use crate::world::{AuthorizationRequest, Challenge, Client, Question};

pub(crate) const PATH: &str = "/i/oauth2/authorize";

/// An error that the app is told, in the words of RFC 6749, section 4.1.2.1.
struct Refusal {
    error: &'static str,
    description: &'static str,
}

const fn refusal(error: &'static str, description: &'static str) -> Refusal {
    Refusal { error, description }
}

/// Shows the consent page for what an app asks.
pub(crate) fn show(world: &World, query: &str) -> Answer {
    let form = Form::of_query(query);
    let (client, redirect_uri) = match asked_by(world, &form) {
        Ok(known) => known,
        Err(why) => return notice(400, "This sign-in cannot go on", why),
    };
    match request(&form, client, redirect_uri) {
        Ok(request) => ask(world, request, &world.owner_name(), None),
        Err(Refusal { error, description }) => {
            let mut told = vec![("error", error), ("error_description", description)];
            told.extend(form.get("state").map(|state| ("state", state)));
            redirect(with_parameters(redirect_uri, &told))
        }
    }
}

/// Does what the person at the page has decided.
pub(crate) fn decide(world: &World, incoming: &Incoming) -> Answer {
    let Decision { ticket, username, verdict } = match decision(incoming) {
        Ok(decision) => decision,
        Err(refused) => return *refused,
    };
    let question = world.with_authority(|authority, now| authority.take_ticket(&ticket, now));
    let Some(Question::OAuth2(request)) = question else { return no_ticket() };
    let state = request.state.as_str().to_owned();
    let redirect_uri = request.redirect_uri.clone();
    if verdict == Verdict::Denied {
        let told = [("error", "access_denied"), ("state", &*state)];
        return redirect(with_parameters(&redirect_uri, &told));
    }
    let Some(person) = world.person_named(&username) else {
        let complaint = format!("Nobody here has the handle {username}.");
        return ask(world, request, &username, Some(complaint));
    };
    let code = world.with_authority(|authority, now| authority.approve(request, person, now));
    let code = secrecy::ExposeSecret::expose_secret(&code);
    redirect(with_parameters(&redirect_uri, &[("code", code), ("state", &state)]))
}

/// Which app asks, and where its answer goes: while this is not certain, nobody is sent anywhere.
fn asked_by<'a>(world: &World, form: &'a Form) -> Result<(Client, &'a str), &'static str> {
    if form.is_repeated("client_id") || form.is_repeated("redirect_uri") {
        return Err("The app names itself or its redirect URI more than once.");
    }
    let id = form.get("client_id").unwrap_or_default();
    let uri = form.get("redirect_uri").unwrap_or_default();
    world.with_authority(|authority, _| match authority.client_named(id) {
        None => Err("No app has this client id."),
        Some(_) if !authority.is_redirect_uri(uri) => {
            Err("The app has not registered this redirect URI, to the letter.")
        }
        Some(client) => Ok((client, uri)),
    })
}

/// The request, if everything in it is right.
fn request(
    form: &Form,
    client: Client,
    redirect_uri: &str,
) -> Result<AuthorizationRequest, Refusal> {
    const INVALID: &str = "invalid_request";
    if form.repeated().is_some() {
        return Err(refusal(INVALID, "a parameter is given more than once"));
    }
    match form.get("response_type") {
        Some("code") => {}
        None => return Err(refusal(INVALID, "response_type is missing")),
        Some(_) => {
            return Err(refusal("unsupported_response_type", "response_type must be code"));
        }
    }
    let state = form.get("state").filter(|state| state.chars().count() <= 500);
    let state = state.ok_or(refusal(INVALID, "state must have 1 to 500 characters"))?;
    let challenge = challenge(form).map_err(|description| refusal(INVALID, description))?;
    let scopes = scopes(form.get("scope").unwrap_or_default());
    Ok(AuthorizationRequest {
        client,
        redirect_uri: redirect_uri.to_owned(),
        scopes: scopes
            .ok_or(refusal("invalid_scope", "scope names no scope, or an unknown one"))?,
        state: state.to_owned().into(),
        challenge,
    })
}

fn challenge(form: &Form) -> Result<Challenge, &'static str> {
    let challenge = form.get("code_challenge").ok_or("code_challenge is missing")?;
    if !Challenge::can_be(challenge) {
        return Err("code_challenge must have 43 to 128 unreserved characters");
    }
    match form.get("code_challenge_method") {
        Some("S256") => Ok(Challenge::s256(challenge.to_owned())),
        None | Some("plain") => Ok(Challenge::of_verifier(challenge)),
        Some(_) => Err("code_challenge_method must be S256 or plain"),
    }
}

fn scopes(words: &str) -> Option<BTreeSet<Scope>> {
    words.split(' ').map(|word| word.parse().ok()).collect()
}

fn ask(
    world: &World,
    request: AuthorizationRequest,
    username: &str,
    complaint: Option<String>,
) -> Answer {
    let leads_to = request.redirect_uri.clone();
    let (app, scopes) = (request.client.name(), request.scopes.clone());
    let describe = |scope: &Scope| format!("{} (`{scope}`)", scope.allows());
    let ticket = world.with_authority(|authority, now| {
        let question = Question::OAuth2(request);
        authority.ask(question, now)
    });
    let consent = Consent {
        app,
        allows: scopes.iter().map(describe).collect(),
        action: PATH,
        ticket: &ticket,
        username,
        leads_to: Some(&leads_to),
        complaint,
    };
    consent.answer()
}
