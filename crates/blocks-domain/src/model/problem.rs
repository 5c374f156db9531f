//! What X says when something is wrong, in whatever form it says it.

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer};

use crate::wire::{Wire as _, object, open_enum};
use crate::{RawJson, Vocabulary};

object! {
    /// One thing that is wrong.
    ///
    /// A problem stands beside the users of a page, or is the body of a refusal. This one type
    /// serves every kind; which fields are there depends on [`Self::problem_type`]. A field that
    /// has another type than it should is left out here and kept in `extra`.
    ///
    /// ```
    /// use blocks_domain::{Problem, ProblemType};
    ///
    /// let json = r#"{"type":"https://api.twitter.com/2/problems/usage-capped","title":"UsageCapExceeded","detail":"Usage cap exceeded","period":"Monthly"}"#;
    /// let problem: Problem = serde_json::from_str(json)?;
    /// assert_eq!(problem.problem_type(), Some(ProblemType::UsageCapped));
    /// assert_eq!(problem.message(), Some("Usage cap exceeded"));
    /// assert_eq!(serde_json::to_string(&problem)?, json);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Default)]
    pub struct Problem {
        /// The address that names the type; see [`Self::problem_type`].
        pub type_uri: Option<String> = "type",
        /// What kind of thing is wrong, in a word or two.
        pub title: Option<String> = "title",
        /// What is wrong this time.
        pub detail: Option<String> = "detail",
        /// The HTTP status that belongs to it.
        pub status: Option<u16> = "status",
        /// What is wrong, in problems that have no [`Self::detail`].
        pub message: Option<String> = "message",
        /// The number of the problem, in the oldest form.
        pub code: Option<i64> = "code",
        /// The parameters that are wrong, by name. The shape of their values is not documented.
        pub parameters: Option<RawJson> = "parameters",
        /// The name of the parameter that is wrong.
        pub parameter: Option<String> = "parameter",
        /// The value that is wrong.
        pub value: Option<String> = "value",
        /// The id of the object that it is about, as it was asked for.
        pub resource_id: Option<String> = "resource_id",
        /// What that object is.
        pub resource_type: Option<ResourceType> = "resource_type",
        /// The part of the answer where that object would stand.
        pub section: Option<ProblemSection> = "section",
        /// The field that is refused.
        pub field: Option<String> = "field",
        /// The id of the app that is refused.
        pub client_id: Option<String> = "client_id",
        /// Why an app is refused.
        pub reason: Option<RefusalReason> = "reason",
        /// Where an app can be enrolled.
        pub registration_url: Option<String> = "registration_url",
        /// The enrolment that the app lacks.
        pub required_enrollment: Option<String> = "required_enrollment",
        /// The developer account without credits; seen as a string and as a number.
        pub account_id: Option<RawJson> = "account_id",
        /// The span of time that a cap is for.
        pub period: Option<CapPeriod> = "period",
        /// What a cap is for.
        pub scope: Option<CapScope> = "scope",
        /// The id of a stream's rule.
        pub id: Option<String> = "id",
        /// Why a stream cannot be opened.
        pub connection_issue: Option<String> = "connection_issue",
        /// Why a stream was closed.
        pub disconnect_type: Option<String> = "disconnect_type",
        /// The single problems that this one sums up.
        pub errors: Option<Vec<Problem>> = "errors",
    }
}

impl Problem {
    /// A problem of a type, with its title.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "callers name a constant")]
    pub fn new(problem_type: ProblemType, title: impl Into<String>) -> Self {
        Self { type_uri: Some(problem_type.uri()), title: Some(title.into()), ..Self::default() }
    }

    /// The type, whatever host its address names; `None` if X sent none.
    #[must_use]
    pub fn problem_type(&self) -> Option<ProblemType> {
        self.type_uri.as_deref().map(ProblemType::from_uri)
    }

    /// The most exact thing that X says about it: the message, the detail, or the title.
    ///
    /// It is X's text and can hold anything that a user typed, control characters included;
    /// [`excerpt`](crate::excerpt) makes it fit to be shown.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        [&self.message, &self.detail, &self.title]
            .into_iter()
            .flatten()
            .find(|text| !text.is_empty())
            .map(String::as_str)
    }
}

open_enum! {
    /// The type of a problem: the last part of the address that names it.
    pub enum ProblemType {
        /// Nothing beyond what the HTTP status says.
        Blank = "about:blank",
        /// The client was too slow for a stream.
        ClientDisconnected = "client-disconnected",
        /// The app may not use the endpoint.
        ClientForbidden = "client-forbidden",
        /// The request contradicts what stands.
        Conflict = "conflict",
        /// The developer account has no credits left.
        Credits = "credits",
        /// The object may not be shown.
        DisallowedResource = "disallowed-resource",
        /// A stream's rule exists already.
        DuplicateRules = "duplicate-rules",
        /// X could not fill a field.
        FieldHydrationFailure = "field-hydration-failure",
        /// The field is not for this sign-in.
        FieldUnauthorized = "field-unauthorized",
        /// Something broke at X.
        InternalError = "internal-error",
        /// The request is wrong.
        InvalidRequest = "invalid-request",
        /// A stream's rule is wrong.
        InvalidRules = "invalid-rules",
        /// A stream's rule is against the terms.
        NoncompliantRules = "noncompliant-rules",
        /// The field is not for this sign-in.
        NotAuthorizedForField = "not-authorized-for-field",
        /// The object is not for this sign-in.
        NotAuthorizedForResource = "not-authorized-for-resource",
        /// The app's OAuth 1.0a permissions do not allow it.
        OAuth1Permissions = "oauth1-permissions",
        /// X closed a stream.
        OperationalDisconnect = "operational-disconnect",
        /// Too many requests.
        RateLimitExceeded = "rate-limit-exceeded",
        /// There is no such object.
        ResourceNotFound = "resource-not-found",
        /// The object exists but is not shown.
        ResourceUnavailable = "resource-unavailable",
        /// There are too many rules for a stream.
        RuleCap = "rule-cap",
        /// A stream cannot be opened.
        StreamingConnection = "streaming-connection",
        /// This kind of sign-in is not accepted.
        UnsupportedAuthentication = "unsupported-authentication",
        /// A cap of the plan is reached; waiting for the next rate window does not help.
        UsageCapped = "usage-capped",
    }
}

impl ProblemType {
    /// The type that an address names.
    ///
    /// ```
    /// use blocks_domain::ProblemType;
    ///
    /// let now = ProblemType::from_uri("https://api.x.com/2/problems/credits");
    /// let once = ProblemType::from_uri("https://api.twitter.com/2/problems/credits");
    /// assert_eq!(now, ProblemType::Credits);
    /// assert_eq!(now, once);
    /// ```
    #[must_use]
    pub fn from_uri(uri: &str) -> Self {
        Self::from_word(uri.rsplit('/').next().unwrap_or(uri))
    }

    /// The address that names the type today.
    #[must_use]
    pub fn uri(&self) -> String {
        match (self, self.word(Vocabulary::default())) {
            (Self::Blank, blank) => blank.to_owned(),
            (_, word) => format!("https://api.x.com/2/problems/{word}"),
        }
    }
}

open_enum! {
    /// What kind of object a problem is about.
    pub enum ResourceType {
        /// A list of users.
        List = "list",
        /// A picture or a video.
        Media = "media",
        /// A post.
        Post = "tweet" / "post",
        /// An audio room.
        Space = "space",
        /// A user.
        User = "user",
    }
}

open_enum! {
    /// A part of an answer.
    pub enum ProblemSection {
        /// The objects that were asked for.
        Data = "data",
        /// The objects that came along.
        Includes = "includes",
    }
}

open_enum! {
    /// Why an app is refused.
    pub enum RefusalReason {
        /// It is not enrolled in what the endpoint belongs to.
        ClientNotEnrolled = "client-not-enrolled",
        /// It is one of X's own.
        OfficialClientForbidden = "official-client-forbidden",
    }
}

open_enum! {
    /// The span of time that a cap is for.
    pub enum CapPeriod {
        /// A day.
        Daily = "Daily",
        /// A month.
        Monthly = "Monthly",
    }
}

open_enum! {
    /// What a cap is for.
    pub enum CapScope {
        /// The developer account.
        Account = "Account",
        /// One product.
        Product = "Product",
    }
}

/// The body of a refusal, as a list of problems.
///
/// X has several forms: one flat problem, one that sums up others in `errors`, and `errors`
/// alone. All of them are read, and so are a bare list and a bare text.
///
/// ```
/// use blocks_domain::{ErrorBody, ProblemType};
///
/// let body: ErrorBody = serde_json::from_str(
///     r#"{"errors":[{"message":"The token is not valid."}],"title":"Invalid Request","type":"https://api.x.com/2/problems/invalid-request"}"#,
/// )?;
/// let [problem] = body.problems() else { panic!("one problem") };
/// assert_eq!(problem.message(), Some("The token is not valid."));
/// assert_eq!(problem.problem_type(), Some(ProblemType::InvalidRequest));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ErrorBody {
    problems: Vec<Problem>,
}

impl ErrorBody {
    /// The problems; none only if the body says nothing.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The problems, taken out.
    #[must_use]
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Spreads a problem that sums up others; what the others leave open they take from it.
    fn spread(mut whole: Problem) -> Self {
        let problems = match whole.errors.take() {
            Some(parts) if !parts.is_empty() => parts
                .into_iter()
                .map(|mut part| {
                    part.type_uri = part.type_uri.or_else(|| whole.type_uri.clone());
                    part.title = part.title.or_else(|| whole.title.clone());
                    part.status = part.status.or(whole.status);
                    if part.message.is_none() {
                        part.detail = part.detail.or_else(|| whole.detail.clone());
                    }
                    part
                })
                .collect(),
            _ if whole == Problem::default() => Vec::new(),
            _ => vec![whole],
        };
        Self { problems }
    }
}

impl<'de> Deserialize<'de> for ErrorBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = RawJson::read(deserializer)?;
        let problems = match body.get().as_bytes().first() {
            Some(b'{') => return from_json(&body).map(Self::spread),
            Some(b'[') => from_json(&body)?,
            _ => vec![Problem { message: Some(from_json(&body)?), ..Problem::default() }],
        };
        Ok(Self { problems })
    }
}

fn from_json<T: DeserializeOwned, E: de::Error>(json: &RawJson) -> Result<T, E> {
    serde_json::from_str(json.get()).map_err(E::custom)
}
