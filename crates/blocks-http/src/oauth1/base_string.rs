//! The text that is signed (RFC 5849, section 3.4.1).

use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode,
};
use url::Url;

/// Everything but the unreserved characters of RFC 3986, as section 3.6 wants it.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text in percent-encoding.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The parameters of a request, from wherever they come, encoded.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Adds what a query or the body of a form says.
    pub(super) fn with_form(mut self, text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        self.0.extend(pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (recode(name), recode(value))
        }));
        self
    }

    /// Adds parameters that are not encoded.
    pub(super) fn with_plain(mut self, pairs: &[(&str, &str)]) -> Self {
        self.0.extend(pairs.iter().map(|(name, value)| (encode(name), encode(value))));
        self
    }

    /// The text to sign.
    pub(super) fn base_string(mut self, method: &str, url: &Url) -> String {
        self.0.retain(|(name, _)| name != "oauth_signature");
        self.0.sort_unstable();
        let pairs = self.0.iter().map(|(name, value)| format!("{name}={value}"));
        let parameters = pairs.collect::<Vec<_>>().join("&");
        let method = method.to_ascii_uppercase();
        format!("{}&{}&{}", encode(&method), encode(&base_uri(url)), encode(&parameters))
    }
}

/// A piece of a form as a parameter: the bytes that it means, UTF-8 or not, encoded anew.
fn recode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    let bytes: Vec<u8> = percent_decode_str(&spaced).collect();
    percent_encode(&bytes, RESERVED).to_string()
}

/// The address without query and fragment.
///
/// A [`Url`] has its scheme and host in small letters already, and no default port.
fn base_uri(url: &Url) -> String {
    let (scheme, host, path) = (url.scheme(), url.host_str().unwrap_or_default(), url.path());
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{host}{port}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of section 3.4.1.1.
    #[test]
    fn the_base_string_of_the_rfc_comes_out() {
        let url = "http://EXAMPLE.com:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b";
        let base_string = Parameters::default()
            .with_form(url.split_once('?').expect("a query").1)
            .with_form("c2&a3=2+q")
            .with_plain(&[
                ("oauth_consumer_key", "9djdj82h48djs9d2"),
                ("oauth_token", "kkk9d7dh3k39sjv7"),
                ("oauth_signature_method", "HMAC-SHA1"),
                ("oauth_timestamp", "137131201"),
                ("oauth_nonce", "7d8f3e4a"),
                ("oauth_signature", "bYT5CMsGcbgUdFHObYMEfcx6bsw="),
            ])
            .base_string("post", &url.parse().expect("a URL"));
        assert_eq!(
            base_string,
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26\
             b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26\
             oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26\
             oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
        );
    }

    #[test]
    fn the_address_is_signed_as_it_is_sent() {
        for (url, expected) in [
            ("HTTPS://API.X.com:443/2/Users?x#y", "https://api.x.com/2/Users"),
            ("https://api.x.com", "https://api.x.com/"),
            ("http://127.0.0.1:8080/a b/%7e;c=%2F", "http://127.0.0.1:8080/a%20b/%7e;c=%2F"),
            ("http://[::1]:443/", "http://[::1]:443/"),
            ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ] {
            assert_eq!(base_uri(&url.parse().expect("a URL")), expected);
        }
    }

    #[test]
    fn a_form_is_read_as_bytes_and_encoded_anew() {
        for (form, expected) in [
            ("a+b=c%20d", "a%20b=c%20d"),
            ("a%2Bb=%2b", "a%2Bb=%2B"),
            ("%FF=%C3%A9é", "%FF=%C3%A9%C3%A9"),
            ("x=%zz&=&y&&=z", "=&=z&x=%25zz&y="),
            ("b=2&a=2&a=10&A=1", "A=1&a=10&a=2&b=2"),
            ("~-._*!'()=1", "~-._%2A%21%27%28%29=1"),
        ] {
            let url = "http://localhost/".parse().expect("a URL");
            let base_string = Parameters::default().with_form(form).base_string("GET", &url);
            let parameters = base_string.rsplit('&').next().expect("parameters");
            assert_eq!(percent_decode_str(parameters).decode_utf8_lossy(), expected);
        }
    }
}
