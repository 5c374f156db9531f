//! Signatures by themselves, against those of others and against what must hold for all.

use blocks_http::oauth1::{Signed, Signer, Stamp, Unsigned};
use blocks_ports::Consumer;
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Deserialize;
use url::{Url, form_urlencoded};

/// A request, and how `oauthlib` signs it; `cargo xtask oracle --save` writes such files.
#[derive(Debug, Deserialize)]
struct Fixture {
    method: String,
    url: Url,
    form: Option<String>,
    consumer_key: String,
    consumer_secret: String,
    token: Option<(String, String)>,
    callback: Option<String>,
    verifier: Option<String>,
    nonce: String,
    timestamp: i64,
    header: String,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

#[test]
fn others_sign_the_same_way() {
    let fixtures = include_str!("../../fixtures/oauth1.json");
    let fixtures: Vec<Fixture> = serde_json::from_str(fixtures).expect("fixtures");
    assert!(fixtures.len() >= 10);
    for fixture in fixtures {
        let consumer = &fixture.consumer_key;
        let mut signer = Signer::new(Consumer::new(consumer, fixture.consumer_secret.clone()));
        if let Some((token, secret)) = &fixture.token {
            signer = signer.with_token(token, secret.clone());
        }
        let mut request = Unsigned::new(&fixture.method, &fixture.url)
            .with_form(fixture.form.as_deref().unwrap_or_default());
        let parameters =
            [("oauth_callback", &fixture.callback), ("oauth_verifier", &fixture.verifier)];
        for (name, value) in parameters {
            if let Some(value) = value {
                request = request.with_protocol(name, value);
            }
        }
        let signed = signer.sign(&request, &Stamp::new(&fixture.nonce, at(fixture.timestamp)));
        assert_eq!(signed.header(), fixture.header, "{fixture:#?}");
    }
}

/// Signs a request with this query and form, always with the same stamp and secrets.
fn signed(query: &str, form: &str) -> Signed {
    let url = format!("https://api.x.com/2/users/me?{query}").parse().expect("a URL");
    let signer = Signer::new(Consumer::new("key", "s3cret")).with_token("token", "s3cret-too");
    signer.sign(&Unsigned::new("POST", &url).with_form(form), &Stamp::new("nonce", at(1)))
}

type Pairs = Vec<(String, String)>;

fn form_of(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A form in which every byte is escaped, with small letters.
fn escaped(pairs: &[(String, String)]) -> String {
    let escape =
        |text: &String| -> String { text.bytes().map(|byte| format!("%{byte:02x}")).collect() };
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// What the parameters of a base string mean, without those of the protocol.
fn parameters(signed: &Signed) -> Pairs {
    // Each parameter is encoded, and then all of them once more.
    let once = signed.base_string().rsplit('&').next().expect("parameters");
    let once = percent_encoding::percent_decode_str(once).decode_utf8().expect("UTF-8");
    let decode = |text: &str| {
        let text = percent_encoding::percent_decode_str(text).decode_utf8();
        text.expect("UTF-8").into_owned()
    };
    let pairs = once.split('&').filter_map(|pair| pair.split_once('='));
    let own = pairs.filter(|(name, _)| !name.starts_with("oauth_"));
    own.map(|(name, value)| (decode(name), decode(value))).collect()
}

fn some_pairs() -> impl Strategy<Value = Pairs> {
    vec(("[a-c %+&=é漢]{0,3}", "[a-c %+&=é漢~*]{0,4}"), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_signed_is_what_was_said(pairs in some_pairs()) {
        let signed = signed("", &form_of(&pairs));
        let (mut found, mut said) = (parameters(&signed), pairs);
        found.sort();
        said.sort();
        prop_assert_eq!(found, said);
    }

    #[test]
    fn neither_order_nor_spelling_nor_place_of_the_parameters_matters(
        (pairs, shuffled) in some_pairs().prop_flat_map(|pairs| {
            (Just(pairs.clone()), Just(pairs).prop_shuffle())
        }),
        cut in any::<prop::sample::Index>(),
    ) {
        let expected = signed(&form_of(&pairs), "");
        let (query, form) = shuffled.split_at(cut.index(shuffled.len() + 1));
        for other in [
            signed(&form_of(&shuffled), ""),
            signed("", &escaped(&shuffled)),
            signed(&escaped(query), &form_of(form)),
        ] {
            prop_assert_eq!(other.base_string(), expected.base_string());
            prop_assert_eq!(other.header(), expected.header());
        }
    }

    #[test]
    fn another_parameter_is_another_signature(pairs in some_pairs()) {
        let mut more = pairs.clone();
        more.push(Default::default());
        let [one, two] = [&more, &pairs].map(|pairs| signed("", &form_of(pairs)));
        prop_assert_ne!(one.signature(), two.signature());
    }
}

#[test]
fn each_stamp_has_a_nonce_of_its_own() {
    let stamps = [Stamp::at(at(1)), Stamp::at(at(1))];
    assert_ne!(stamps[0], stamps[1]);
}

#[test]
fn neither_signer_nor_signature_shows() {
    let signer = Signer::new(Consumer::new("key", "s3cret")).with_token("token", "s3cret-too");
    let signed = signed("a=b", "");
    let shown = format!("{signer:?} {signed:?}");
    assert!(!shown.contains("s3cret") && !shown.contains(signed.signature()), "{shown}");
}
