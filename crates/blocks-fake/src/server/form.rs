//! Parameters as OAuth takes them: form-encoded, and each of them once.

use super::Incoming;
use super::query::pairs;

/// The media type of a form.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// The parameters of one request.
pub(super) struct Form {
    pairs: Vec<(String, String)>,
}

impl Form {
    /// The parameters of a query string.
    pub(super) fn of_query(query: &str) -> Self {
        Self { pairs: pairs(query) }
    }

    /// The parameters of a body; `None` when it is no form.
    pub(super) fn of_body(incoming: &Incoming) -> Option<Self> {
        let body = std::str::from_utf8(&incoming.body).ok()?;
        incoming.is_of_type(FORM).then(|| Self { pairs: pairs(body) })
    }

    /// The value of a parameter; one without a value counts as absent (RFC 6749, section 3.1).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A parameter that is there more than once.
    pub(super) fn repeated(&self) -> Option<&str> {
        let mut names: Vec<_> = self.pairs.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.windows(2).find(|two| two[0] == two[1]).map(|two| two[0])
    }

    pub(super) fn is_repeated(&self, name: &str) -> bool {
        self.pairs.iter().filter(|(n, _)| n == name).count() > 1
    }
}

/// An address with further parameters in its query.
pub(super) fn with_parameters(address: &str, parameters: &[(&str, &str)]) -> String {
    let mut address = address.to_owned();
    let mut joint = if address.contains('?') { '&' } else { '?' };
    for (name, value) in parameters {
        address.push(joint);
        address.push_str(&format!("{}={}", encoded(name), encoded(value)));
        joint = '&';
    }
    address
}

/// A text with everything percent-encoded but unreserved characters (RFC 3986, section 2.3), which
/// is how OAuth 1.0a signs it as well (RFC 5849, section 3.6).
pub(super) fn encoded(text: &str) -> percent_encoding::PercentEncode<'_> {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const RESERVED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_join_the_query_that_is_there() {
        let address = with_parameters("http://127.0.0.1/cb", &[("code", "a b"), ("state", "ü&")]);
        assert_eq!(address, "http://127.0.0.1/cb?code=a%20b&state=%C3%BC%26");
        let address = with_parameters("http://127.0.0.1/cb?x=1", &[("code", "a")]);
        assert_eq!(address, "http://127.0.0.1/cb?x=1&code=a");
    }

    #[test]
    fn an_empty_value_is_none_and_still_a_repetition() {
        let form = Form::of_query("a=&b=1&a=2");
        assert_eq!((form.get("a"), form.get("b"), form.get("c")), (None, Some("1"), None));
        assert_eq!(form.repeated(), Some("a"));
    }
}
