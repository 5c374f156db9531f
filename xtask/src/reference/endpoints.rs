//! Calls, parameters, values, scopes, sign-ins and prices.

use blocks_domain::{
    AuthKind, BlockEventType, BlockRequest, BlockingQuery, Choice, Endpoint, Expansion, LOOKUP_MAX,
    MaxResults, PageToken, PostField, Price, RateLimit, Scope, SubscriptionRequest, UserField,
    Vocabulary, schema,
};

use super::NONE;
use crate::facts::{Cell, Facts};

pub(super) fn facts() -> Vec<Facts> {
    let mut facts = vec![calls(), windows(), scopes(), sign_ins(), prices()];
    facts.extend(Endpoint::ALL.map(parameters));
    facts.extend([values::<UserField>(), values::<PostField>(), values::<Expansion>()]);
    facts
}

fn calls() -> Facts {
    let row = |endpoint: Endpoint| {
        let spec = endpoint.spec();
        let price = spec.price.map_or_else(|| NONE.to_owned(), |price| price.to_string());
        vec![
            Cell::text(endpoint),
            Cell::text(spec.does),
            Cell::list(spec.availability),
            Cell::text(spec.caller()),
            if spec.is_for_app() { Cell::text(NONE) } else { Cell::list(spec.scopes) },
            Cell::text(spec.limit.requests()),
            Cell::text(yes_or_no(spec.limit_is_published)),
            Cell::text(price),
        ]
    };
    Facts {
        heading: "Calls".into(),
        home: "`Endpoint::spec`",
        columns: vec![
            "call",
            "does",
            "plans",
            "caller",
            "scopes",
            "a window",
            "published",
            "price",
        ],
        key: 1,
        rows: Endpoint::ALL.map(row).to_vec(),
    }
}

fn windows() -> Facts {
    let minutes = RateLimit::WINDOW.as_secs() / 60;
    Facts {
        heading: "Windows".into(),
        home: "`RateLimit::WINDOW`",
        columns: vec!["what", "how much"],
        key: 1,
        rows: vec![vec![
            Cell::text("length of a window"),
            Cell::text(format!("{minutes} minutes")),
        ]],
    }
}

fn scopes() -> Facts {
    let row = |scope: Scope| vec![Cell::text(scope), Cell::text(scope.allows().replace('`', ""))];
    Facts {
        heading: "Scopes".into(),
        home: "`Scope`",
        columns: vec!["scope", "lets the holder"],
        key: 1,
        rows: Scope::ALL.map(row).to_vec(),
    }
}

fn sign_ins() -> Facts {
    let row = |kind: AuthKind| [kind.name(), kind.caller(), kind.advice()].map(Cell::text).to_vec();
    Facts {
        heading: "Sign-ins".into(),
        home: "`AuthKind`",
        columns: vec!["kind", "caller", "when"],
        key: 1,
        rows: AuthKind::ALL.map(row).to_vec(),
    }
}

fn prices() -> Facts {
    let row = |price: Price| vec![Cell::text(price.unit()), Cell::text(price.per_unit())];
    Facts {
        heading: "Prices".into(),
        home: "`Price`",
        columns: vec!["one", "costs"],
        key: 1,
        rows: Price::ALL.map(row).to_vec(),
    }
}

/// A parameter as its row tells it, in tweet words.
struct Parameter {
    name: String,
    place: &'static str,
    kind: &'static str,
    range: String,
    /// What stands for it where it is left out; nothing does for one that is required.
    default: Option<String>,
}

fn parameters(endpoint: Endpoint) -> Facts {
    let row = |parameter: Parameter| {
        let required = yes_or_no(parameter.default.is_none());
        let default = parameter.default.as_deref().unwrap_or(NONE);
        vec![
            Cell::text(&parameter.name),
            Cell::text(post_word(&parameter.name)),
            Cell::text(parameter.place),
            Cell::text(parameter.kind),
            Cell::text(parameter.range),
            Cell::list(default.split(", ")),
            Cell::text(required),
        ]
    };
    Facts {
        heading: format!("Parameters of {endpoint}"),
        home: "the request types of the domain",
        columns: vec!["parameter", "in post words", "in", "type", "range", "default", "required"],
        key: 1,
        rows: parameters_of(endpoint).into_iter().map(row).collect(),
    }
}

fn parameters_of(endpoint: Endpoint) -> Vec<Parameter> {
    let path = endpoint.spec().path.split('/').filter_map(|part| part.strip_prefix(':'));
    let mut parameters: Vec<_> = path.map(|name| id(name, "path")).collect();
    let query: Vec<&str> = match endpoint {
        Endpoint::GetBlocking => BlockingQuery::parameters(Vocabulary::Tweet).to_vec(),
        Endpoint::GetMe => selection().to_vec(),
        Endpoint::GetUsersBy => [&["usernames"][..], &selection()].concat(),
        Endpoint::GetUsers => [&["ids"][..], &selection()].concat(),
        _ => Vec::new(),
    };
    parameters.extend(of_activity(endpoint));
    parameters.extend(query.into_iter().map(in_query));
    if endpoint == Endpoint::PostBlocking {
        let body = schema::of_model::<BlockRequest>();
        let keys = body["properties"].as_object().into_iter().flat_map(|keys| keys.keys());
        parameters.extend(keys.map(|name| id(name, "body")));
    }
    parameters
}

/// The parameters of the X Activity API that no other endpoint has.
fn of_activity(endpoint: Endpoint) -> Vec<Parameter> {
    let optional = |name: &str, place, kind, range: String, default: &str| Parameter {
        name: name.to_owned(),
        place,
        kind,
        range,
        default: Some(default.to_owned()),
    };
    let tag = || {
        let range = format!("1 to {} characters", SubscriptionRequest::TAG_MAX);
        optional("tag", "body", "string", range, "nothing")
    };
    let types = BlockEventType::KNOWN.iter().map(|kind| kind.word(Vocabulary::Tweet));
    match endpoint {
        Endpoint::GetSubscriptions => vec![
            optional("max_results", "query", "integer", "1 to 100".to_owned(), "100"),
            in_query("pagination_token"),
        ],
        Endpoint::PostSubscription => {
            let event_type = Parameter {
                name: "event_type".to_owned(),
                place: "body",
                kind: "string",
                range: types.collect::<Vec<_>>().join(" or "),
                default: None,
            };
            vec![event_type, id("filter.user_id", "body"), tag()]
        }
        Endpoint::PutSubscription => vec![tag()],
        Endpoint::GetActivityStream => {
            vec![optional("backfill_minutes", "query", "integer", "0 to 5".to_owned(), "0")]
        }
        _ => Vec::new(),
    }
}

fn selection() -> [&'static str; 3] {
    [
        Expansion::parameter(Vocabulary::Tweet),
        PostField::parameter(Vocabulary::Tweet),
        UserField::parameter(Vocabulary::Tweet),
    ]
}

fn id(name: &str, place: &'static str) -> Parameter {
    let range = "1 to 19 digits".to_owned();
    Parameter { name: name.to_owned(), place, kind: "string", range, default: None }
}

fn in_query(name: &str) -> Parameter {
    let (kind, range, default) = match name {
        MaxResults::PARAMETER => (
            "integer",
            format!("{} to {}", MaxResults::MIN, MaxResults::MAX),
            Some(MaxResults::DEFAULT.to_string()),
        ),
        "pagination_token" => (
            "string",
            format!("{} characters at least", PageToken::MIN_LENGTH),
            Some("the first page".to_owned()),
        ),
        "usernames" | "ids" => ("list", format!("1 to {LOOKUP_MAX}"), None),
        _ => ("list", format!("values of {name}"), Some(default_of(name))),
    };
    Parameter { name: name.to_owned(), place: "query", kind, range, default }
}

/// What is answered unasked, where a parameter that lists fields is left out.
fn default_of(parameter: &str) -> String {
    fn words<C: Choice>() -> String {
        let words: Vec<_> = C::DEFAULT.iter().map(|choice| choice.name()).collect();
        if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
    }
    match parameter {
        UserField::PARAMETER => words::<UserField>(),
        PostField::PARAMETER => words::<PostField>(),
        _ => words::<Expansion>(),
    }
}

/// The post word of a parameter; nothing where it is the same.
fn post_word(name: &str) -> &str {
    let post = blocks_domain::translate(blocks_domain::Place::Parameter, name, Vocabulary::Post);
    post.filter(|post| *post != name).unwrap_or_default()
}

fn values<C: Choice>() -> Facts {
    let row = |choice: &C| {
        let [tweet, post] = Vocabulary::ALL.map(|words| choice.word(words).unwrap_or(NONE));
        let default = if C::DEFAULT.contains(choice) { "yes" } else { "" };
        vec![Cell::text(tweet), Cell::text(post), Cell::text(default)]
    };
    Facts {
        heading: format!("Values of {}", C::PARAMETER),
        home: "`Choice::ALL`, `Choice::DEFAULT` or `RENAMES`",
        columns: vec!["tweet word", "post word", "default"],
        key: 2,
        rows: C::ALL.iter().map(row).collect(),
    }
}

const fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}
