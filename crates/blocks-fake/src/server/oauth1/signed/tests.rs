use axum::http::Request;

use super::*;

/// A request as it comes over the wire.
struct Wire {
    method: &'static str,
    host: &'static str,
    target: &'static str,
    content_type: Option<&'static str>,
    body: &'static str,
    authorization: &'static str,
}

impl Wire {
    fn read(&self) -> Option<Signed> {
        let mut request = Request::builder().method(self.method).uri(self.target);
        request = request.header("host", self.host);
        request = request.header("authorization", self.authorization);
        if let Some(content_type) = self.content_type {
            request = request.header("content-type", content_type);
        }
        let (head, ()) = request.body(()).expect("a request").into_parts();
        Signed::read(&Incoming { head, body: self.body.into(), is_too_long: false })
    }
}

/// The request that RFC 5849 works through in section 3.4.1, with the signature that its secrets
/// make of the base string there.
const OF_THE_STANDARD: Wire = Wire {
    method: "POST",
    host: "EXAMPLE.COM:80",
    target: "/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
    content_type: Some("application/x-www-form-urlencoded"),
    body: "c2&a3=2+q",
    authorization: "OAuth realm=\"Example\", oauth_consumer_key=\"9djdj82h48djs9d2\", \
        oauth_token=\"kkk9d7dh3k39sjv7\", oauth_signature_method=\"HMAC-SHA1\", \
        oauth_timestamp=\"137131201\", oauth_nonce=\"7d8f3e4a\", \
        oauth_signature=\"r6%2FTJjbCOr97%2F%2BUU0NsvSne7s5g%3D\"",
};

#[test]
fn the_example_of_rfc_5849_has_its_base_string() {
    let signed = OF_THE_STANDARD.read().expect("a signed request");
    assert_eq!(
        signed.base,
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%25\
         3D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7\
         d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_toke\
         n%3Dkkk9d7dh3k39sjv7"
    );
    assert!(signed.is_signed_with("j49sk3j29djd", "dh893hdasih9"));
    assert!(!signed.is_signed_with("j49sk3j29djd", "dh893hdasih8"));
    assert_eq!(signed.second(), Some(137_131_201));
}

/// Signatures that the PyPI package `oauthlib` made, with the secrets that it made them with.
const OF_ANOTHER_HAND: [(Wire, &str, &str); 5] = [
    (
        Wire {
            method: "GET",
            host: "127.0.0.1:8080",
            target: "/2/users/12/blocking?max_results=1000&user.fields=id%2Cname",
            content_type: None,
            body: "",
            authorization: "OAuth oauth_nonce=\"n0%26%3D\", oauth_timestamp=\"1700000000\", \
                oauth_version=\"1.0\", oauth_signature_method=\"HMAC-SHA1\", \
                oauth_consumer_key=\"the%20key\", oauth_token=\"12-token\", \
                oauth_signature=\"FGlqb9zQsdjP1L5vmzCBTsWxGkk%3D\"",
        },
        "cs",
        "ts",
    ),
    (
        Wire {
            method: "POST",
            host: "127.0.0.1:8080",
            target: "/2/users/12/blocking",
            content_type: Some("application/json"),
            body: r#"{"target_user_id":"7"}"#,
            authorization: "OAuth oauth_nonce=\"n1%26%3D\", oauth_timestamp=\"1700000001\", \
                oauth_version=\"1.0\", oauth_signature_method=\"HMAC-SHA1\", \
                oauth_consumer_key=\"the%20key\", oauth_token=\"12-token\", \
                oauth_signature=\"Tt9OrAPyKwv1WeWvhXwdD549h30%3D\"",
        },
        "c&s%/ ü",
        "t+s=~",
    ),
    (
        Wire {
            method: "POST",
            host: "127.0.0.1",
            target: "/form?a=%20&a=&a=b&A=1",
            content_type: Some("application/x-www-form-urlencoded; charset=utf-8"),
            body: "z=1&a=%C3%BC&y=~._-%2A",
            authorization: "OAuth realm=\"a b\", oauth_nonce=\"n2%26%3D\", \
                oauth_timestamp=\"1700000002\", oauth_version=\"1.0\", \
                oauth_signature_method=\"HMAC-SHA1\", oauth_consumer_key=\"the%20key\", \
                oauth_token=\"12-token\", oauth_signature=\"rBaxtnuYGcZsPaXLAPP0Q%2BEeq%2Fc%3D\"",
        },
        "key",
        "",
    ),
    (
        Wire {
            method: "DELETE",
            host: "localhost:80",
            target: "/2/users/1/blocking/2?q=%26%3D%25",
            content_type: None,
            body: "",
            authorization: "OAuth oauth_nonce=\"n3%26%3D\", oauth_timestamp=\"1700000003\", \
                oauth_version=\"1.0\", oauth_signature_method=\"HMAC-SHA1\", \
                oauth_consumer_key=\"the%20key\", oauth_token=\"12-token\", \
                oauth_signature=\"xZfd%2Bt89ZdKzqozkZghCGfPEFKM%3D\"",
        },
        "cs",
        "ts",
    ),
    (
        Wire {
            method: "GET",
            host: "Sandbox.Test",
            target: "/2/users/by?usernames=a+b%2Bc&x=%E2%98%83",
            content_type: None,
            body: "",
            authorization: "OAuth oauth_nonce=\"n4%26%3D\", oauth_timestamp=\"1700000004\", \
                oauth_version=\"1.0\", oauth_signature_method=\"HMAC-SHA1\", \
                oauth_consumer_key=\"the%20key\", oauth_token=\"12-token\", \
                oauth_signature=\"PCjFTAw9XifIdPbjeM3CJ0SJbVs%3D\"",
        },
        "c&s%/ ü",
        "t+s=~",
    ),
];

#[test]
fn signatures_of_another_hand_are_right() {
    for (wire, consumer_secret, token_secret) in OF_ANOTHER_HAND {
        let signed = wire.read().expect("a signed request");
        assert!(signed.is_signed_with(consumer_secret, token_secret), "{}", wire.target);
        assert!(!signed.is_signed_with(token_secret, consumer_secret), "{}", wire.target);
    }
}

#[test]
fn what_is_not_as_the_standard_has_it_is_not_read() {
    for authorization in [
        "",
        "OAuth",
        "Bearer oauth_token=\"a\"",
        "OAuth oauth_token=a",
        "OAuth oauth_token=\"a",
        "OAuth oauth_token=\"a\", oauth_token=\"a\"",
        "OAuth realm=\"a\", realm=\"b\"",
        "OAuth oauth_token=\"a\",",
    ] {
        let wire = Wire { authorization, ..OF_THE_STANDARD };
        assert!(wire.read().is_none(), "{authorization}");
    }
    let in_query = Wire { target: "/request?oauth_token=a", ..OF_THE_STANDARD };
    assert!(in_query.read().is_none());
    let in_body = Wire { body: "oauth_verifier=1", ..OF_THE_STANDARD };
    assert!(in_body.read().is_none());
}
