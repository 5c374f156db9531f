use blocks_ports::OUT_OF_BAND;
use jiff::SignedDuration;

use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const REDIRECT_URI: &str = "http://127.0.0.1:8739/callback";
const ME: Person = Person::new(5);

fn authority() -> Authority {
    Authority::new(7, REDIRECT_URI.to_owned())
}

fn later(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

fn code(authority: &mut Authority) -> AuthorizationGrant {
    let redirect_uri = REDIRECT_URI.to_owned();
    authority.authorize(Client::Public, ME, Scope::ALL.into(), redirect_uri, NOW)
}

fn works(authority: &Authority, grant: &TokenGrant, now: Timestamp) -> bool {
    authority.of_token(grant.access_token.expose_secret(), now).is_some()
}

#[test]
fn a_token_says_whose_it_is_and_what_it_allows() {
    let mut authority = authority();
    let scopes = BTreeSet::from([Scope::BlockRead, Scope::UsersRead]);
    let grant = authority.sign_in(Client::Public, ME, scopes.clone(), NOW);
    let identity = authority.of_token(grant.access_token.expose_secret(), NOW);
    let expected = Identity { bearer: Bearer::User(ME), rights: Rights::Scopes(scopes) };
    assert_eq!(identity, Some(expected));
    assert_eq!(grant.scope.as_deref(), Some("block.read users.read"));
    assert!(grant.refresh_token.is_none(), "nobody asked for it");
}

#[test]
fn a_code_lives_for_thirty_seconds() {
    for (age, is_good) in [(29, true), (30, false)] {
        let mut authority = authority();
        let grant = code(&mut authority);
        let traded = authority.exchange(Client::Public, &grant, later(age));
        assert_eq!(traded.is_ok(), is_good, "{age}");
    }
}

#[test]
fn a_code_is_bound_to_all_that_it_was_asked_with() {
    let spoilings: [fn(&mut AuthorizationGrant); 3] = [
        |grant| grant.code = "unheard of".into(),
        |grant| grant.code_verifier = "of somebody else".into(),
        |grant| grant.redirect_uri.push('/'),
    ];
    for (number, spoil) in spoilings.into_iter().enumerate() {
        let mut authority = authority();
        let mut grant = code(&mut authority);
        spoil(&mut grant);
        let refused = authority.exchange(Client::Public, &grant, NOW);
        assert_eq!(refused.map(drop), Err(TokenError::Code), "{number}");
    }
}

#[test]
fn a_wrong_try_spends_a_code_and_a_foreign_client_does_not() {
    let mut authority = authority();
    let grant = code(&mut authority);
    let foreign = authority.exchange(Client::Confidential, &grant, NOW);
    assert_eq!(foreign.map(drop), Err(TokenError::Code));
    assert!(authority.exchange(Client::Public, &grant, NOW).is_ok());

    let grant = code(&mut authority);
    let mut guess = grant.clone();
    guess.code_verifier = "a guess".into();
    assert!(authority.exchange(Client::Public, &guess, NOW).is_err());
    assert!(authority.exchange(Client::Public, &grant, NOW).is_err());
}

#[test]
fn a_second_use_of_a_code_ends_what_the_first_one_gave() {
    let mut authority = authority();
    let grant = code(&mut authority);
    let first = authority.exchange(Client::Public, &grant, NOW).expect("new");
    let refresh_token = first.refresh_token.expect("offline.access");
    let second = authority.refresh(Client::Public, &refresh_token, NOW).expect("new");
    assert!(works(&authority, &second, NOW));
    assert!(authority.exchange(Client::Public, &grant, later(3600)).is_err());
    assert!(!works(&authority, &second, NOW));
}

#[test]
fn a_token_of_one_kind_is_none_of_another() {
    let mut authority = authority();
    let grant = authority.sign_in(Client::Public, ME, Scope::ALL.into(), NOW);
    let refresh_token = grant.refresh_token.clone().expect("offline.access");
    assert!(authority.of_token(refresh_token.expose_secret(), NOW).is_none());
    let refused = authority.refresh(Client::Public, &grant.access_token, NOW);
    assert_eq!(refused.map(drop), Err(TokenError::Token));
}

#[test]
fn an_oauth1_token_belongs_to_its_user() {
    let mut authority = authority();
    let credential = authority.oauth1_credential(ME);
    assert!(authority.of_sign_in(&credential.token).is_some());
    let (_, sealed) = credential.token.split_once('-').expect("an id and a seal");
    assert!(authority.of_sign_in(&format!("7-{sealed}")).is_none());
    assert!(authority.of_sign_in(sealed).is_none());
}

#[test]
fn no_secret_shows() {
    let mut authority = authority();
    let grant = code(&mut authority);
    let tokens = authority.exchange(Client::Public, &grant, NOW).expect("new");
    let app = authority.app(Client::Confidential);
    let request = authority.request_token(OUT_OF_BAND, NOW).expect("one");
    let number = authority.request_number(&request.token).expect("known");
    let pin = authority.authorize_request(number, ME, NOW).expect("undecided");
    let credential = authority.oauth1_credential(ME);
    let state = AuthorizationRequest {
        client: Client::Public,
        redirect_uri: REDIRECT_URI.to_owned(),
        scopes: Scope::ALL.into(),
        state: "st4te".to_owned().into(),
        challenge: Challenge::of_verifier(grant.code_verifier.expose_secret()),
    };
    let shown = format!("{authority:?} {:?} {state:?}", authority.records());
    let secrets = [
        Some(grant.code),
        Some(grant.code_verifier),
        Some(tokens.access_token),
        tokens.refresh_token,
        app.client_secret,
        Some(request.secret),
        Some(pin),
        Some(credential.consumer_secret),
        Some(credential.token_secret),
        Some("st4te".into()),
    ];
    for secret in secrets.into_iter().flatten() {
        assert!(!shown.contains(secret.expose_secret()), "{shown}");
    }
}
