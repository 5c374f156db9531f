use super::*;

fn refresh_token(grant: TokenGrant) -> SecretString {
    grant.refresh_token.expect("offline.access")
}

#[tokio::test]
async fn a_code_works_once_and_a_second_use_ends_what_it_gave() {
    let issuer = FakeIssuer::default();
    let grant = issuer.authorized();
    let tokens = issuer.exchange(&issuer.app(), &grant).await.expect("a new code");
    assert!(issuer.accepts(&tokens.access_token));
    let again = issuer.exchange(&issuer.app(), &grant).await;
    assert!(matches!(again, Err(IssueError::InvalidGrant)), "{again:?}");
    assert!(!issuer.accepts(&tokens.access_token));
}

#[tokio::test]
async fn an_app_without_its_secret_is_no_client() {
    let issuer = FakeIssuer::default();
    let token = refresh_token(issuer.sign_in());
    let mut app = issuer.app();
    app.client_secret = None;
    let refused = issuer.refresh(&app, &token).await;
    assert!(matches!(refused, Err(IssueError::InvalidClient)), "{refused:?}");
    assert!(issuer.refresh(&issuer.app(), &token).await.is_ok(), "the token is not spent");
}

#[tokio::test]
async fn a_token_of_another_client_is_not_revoked() {
    let issuer = FakeIssuer::default();
    let tokens = issuer.sign_in();
    let refused = issuer.revoke(&issuer.world().public_app(), &tokens.access_token).await;
    assert!(matches!(refused, Err(IssueError::InvalidClient)), "{refused:?}");
    assert!(issuer.accepts(&tokens.access_token));
}

#[tokio::test]
async fn either_token_revokes_its_own_sign_in_alone() {
    let (issuer, app) = (FakeIssuer::default(), FakeIssuer::default().app());
    let (one, two, three) = (issuer.sign_in(), issuer.sign_in(), issuer.sign_in());
    issuer.revoke(&app, &one.access_token).await.expect("revoked");
    issuer.revoke(&app, &refresh_token(two.clone())).await.expect("revoked");
    issuer.revoke(&app, &"unheard of".into()).await.expect("nothing to revoke");
    let accepted = [one, two, three].map(|grant| issuer.accepts(&grant.access_token));
    assert_eq!(accepted, [false, false, true]);
}

#[tokio::test]
async fn faults_come_in_order_and_only_a_lost_answer_spends_the_token() {
    let (issuer, app) = (FakeIssuer::default(), FakeIssuer::default().app());
    let token = refresh_token(issuer.sign_in());
    for fault in [IssuerFault::Unreachable, IssuerFault::AppRefused, IssuerFault::AnswerLost] {
        issuer.spoil_next(fault);
    }
    let unreachable = issuer.refresh(&app, &token).await;
    assert!(matches!(unreachable, Err(IssueError::Api(_))), "{unreachable:?}");
    let refused = issuer.refresh(&app, &token).await;
    assert!(matches!(refused, Err(IssueError::InvalidClient)), "{refused:?}");
    assert_eq!(issuer.tally().exchanges, 0);
    let lost = issuer.refresh(&app, &token).await;
    assert!(matches!(lost, Err(IssueError::Api(_))), "{lost:?}");
    let spent = issuer.refresh(&app, &token).await;
    assert!(matches!(spent, Err(IssueError::InvalidGrant)), "{spent:?}");
    let tally = issuer.tally();
    assert_eq!((tally.exchanges, tally.reuses, tally.calls), (1, 1, 4));
}

#[tokio::test]
async fn three_legs_lead_to_the_sign_in_of_the_user_and_one_step_back() {
    let issuer = FakeIssuer::default();
    let (world, consumer) = (issuer.world(), issuer.world().consumer());
    let them = world.stranger(4);
    let request = issuer.request_token(&consumer, blocks_ports::OUT_OF_BAND).await.expect("one");
    let pin = world.authorize_request_token(them, &request).expect("undecided");
    assert!(pin.expose_secret().len() == 7, "a PIN");
    let grant = issuer.access_token(&consumer, &request, &pin).await.expect("a sign-in");
    assert_eq!(grant.user_id, Some(them));
    assert_eq!(grant.screen_name, world.profile(them).map(|profile| profile.username));
    assert_eq!(Ok(&grant.credential), world.oauth1_credential(them).as_ref());
    let again = issuer.access_token(&consumer, &request, &pin).await;
    assert!(matches!(again, Err(IssueError::InvalidGrant)), "{again:?}");

    issuer.invalidate(&grant.credential).await.expect("it worked");
    issuer.invalidate(&grant.credential).await.expect("gone already");
    assert_ne!(world.oauth1_credential(them), Ok(grant.credential));
}

#[tokio::test]
async fn a_strange_consumer_callback_or_secret_is_refused() {
    let issuer = FakeIssuer::default();
    let consumer = issuer.world().consumer();
    let strange = Consumer::new(consumer.key.clone(), "guessed");
    let refused = issuer.request_token(&strange, "oob").await;
    assert!(matches!(refused, Err(IssueError::InvalidClient)), "{refused:?}");
    let refused = issuer.request_token(&consumer, "http://127.0.0.1/elsewhere").await;
    assert!(matches!(refused, Err(IssueError::Api(_))), "{refused:?}");

    let mut request = issuer.request_token(&consumer, "oob").await.expect("one");
    let pin = issuer.world().authorize_request_token(issuer.world().owner(), &request);
    request.secret = "guessed".into();
    let refused = issuer.access_token(&consumer, &request, &pin.expect("a PIN")).await;
    assert!(matches!(refused, Err(IssueError::InvalidClient)), "{refused:?}");

    let mut credential = issuer.world().oauth1_credential(issuer.world().owner()).expect("owner");
    credential.token_secret = "guessed".into();
    let refused = issuer.invalidate(&credential).await;
    assert!(matches!(refused, Err(IssueError::InvalidClient)), "{refused:?}");
}
