//! Where the API is.

use std::fmt;

use url::{Host, Url};

use crate::BuildError;

/// The address of the API, which a token may be sent to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ApiUrl(Url);

impl ApiUrl {
    /// Reads an address, with or without a path in front of `/2`.
    pub(crate) fn parse(text: &str) -> Result<Self, BuildError> {
        let mut url =
            Url::parse(text).map_err(|source| BuildError::Url { source: source.into() })?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(BuildError::Scheme { scheme: url.scheme().to_owned() });
        }
        let parts = [
            ("a user name or password", !url.username().is_empty() || url.password().is_some()),
            ("a query", url.query().is_some()),
            ("a fragment", url.fragment().is_some()),
        ];
        if let Some((part, _)) = parts.into_iter().find(|(_, present)| *present) {
            return Err(BuildError::UrlPart { part });
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        let url = Self(url);
        if url.is_encrypted() || url.is_loopback() {
            Ok(url)
        } else {
            Err(BuildError::Insecure { host: url.host().to_owned() })
        }
    }

    /// The address of an endpoint: its path with the ids in place of the parameters, in order.
    pub(crate) fn endpoint(
        &self,
        path: &str,
        ids: &[u64],
        query: &[(&'static str, String)],
    ) -> Url {
        let mut ids = ids.iter();
        let segments = path.split('/').map(|segment| match segment.strip_prefix(':') {
            Some(_) => ids.next().map(u64::to_string).unwrap_or_default(),
            None => segment.to_owned(),
        });
        let mut url = self.path(&segments.collect::<Vec<_>>().join("/"));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// The address of a path at the API, which begins with a slash.
    pub(crate) fn path(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url
    }

    /// The page of OAuth 2.0 at which people answer; X has it at another host than its API.
    pub(crate) fn authorize_page(&self) -> Url {
        const PATH: &str = "/i/oauth2/authorize";
        let mut url = self.path(PATH);
        if self.0.as_str() == "https://api.x.com/" {
            url.set_host(Some("x.com")).expect("the name of a host");
        }
        url
    }

    /// The host, for messages.
    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether the host is this very machine.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/2/users/:source_user_id/blocking/:target_user_id";

    fn parsed(text: &str) -> ApiUrl {
        ApiUrl::parse(text).expect(text)
    }

    fn refused(text: &str) -> String {
        ApiUrl::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn a_path_in_front_is_kept_and_a_trailing_slash_changes_nothing() {
        let ids = [12, 34];
        for (base, expected) in [
            ("https://api.x.com", "https://api.x.com/2/users/12/blocking/34"),
            ("https://api.x.com/", "https://api.x.com/2/users/12/blocking/34"),
            ("http://127.0.0.1:8080/proxy", "http://127.0.0.1:8080/proxy/2/users/12/blocking/34"),
            ("http://[::1]:8080/a/b/", "http://[::1]:8080/a/b/2/users/12/blocking/34"),
        ] {
            assert_eq!(parsed(base).endpoint(PATH, &ids, &[]).as_str(), expected);
        }
    }

    #[test]
    fn a_query_is_percent_encoded_and_left_out_where_it_is_empty() {
        let query = [("user.fields", "id,name".to_owned()), ("pagination_token", "a+b&c=d".into())];
        let url = parsed("http://localhost").endpoint("/2/users/me", &[], &query);
        assert_eq!(
            url.as_str(),
            "http://localhost/2/users/me?user.fields=id%2Cname&pagination_token=a%2Bb%26c%3Dd"
        );
        let bare = parsed("http://localhost").endpoint("/2/users/me", &[], &[]);
        assert_eq!(bare.as_str(), "http://localhost/2/users/me");
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear() {
        for text in ["http://127.0.0.1", "http://127.9.8.7:1", "http://[::1]", "http://LOCALHOST:2"]
        {
            assert!(parsed(text).is_loopback(), "{text}");
        }
        for text in [
            "http://api.x.com",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://[::2]",
        ] {
            assert!(refused(text).contains("https"), "{text}");
        }
    }

    #[test]
    fn what_has_no_place_in_the_address_is_refused_by_name_and_not_quoted() {
        for (text, part) in [
            ("https://me:s3cret@api.x.com", "a user name or password"),
            ("https://api.x.com?key=s3cret", "a query"),
            ("https://api.x.com#s3cret", "a fragment"),
        ] {
            let error = refused(text);
            assert!(error.contains(part) && !error.contains("s3cret"), "{error}");
        }
        assert!(refused("ftp://api.x.com").contains("ftp"));
        assert!(refused("api.x.com").contains("no URL"));
    }
}
