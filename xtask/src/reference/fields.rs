//! The fields of answers, and the words that the vocabularies spell differently.

use blocks_domain::{
    ActivityMessage, BlockRequest, BlockStateReply, BlockingPage, Choice, Place, PostField,
    RENAMES, Rename, SubscriptionReply, SubscriptionRequest, SubscriptionsPage, UnsubscribedReply,
    UserField, UserReply, UsersPage, Vocabulary, schema,
};
use serde_json::Value;

use super::NONE;
use crate::facts::{Cell, Facts};
use crate::shape::{Field, Shapes};

/// The models that have a table of their own, and are only named where others use them.
const ELSEWHERE: &[&str] =
    &["Meta", "Includes", "User", "Post", "Media", "GeoPlace", "Poll", "Topic", "Problem"];

/// The schemas that the tables tell.
pub(super) struct Models {
    /// A page, with every model that it can hold.
    pub(super) page: Value,
    /// The documents of the other requests and answers, by the names of their models.
    pub(super) others: Vec<(&'static str, Value)>,
}

impl Models {
    pub(super) fn of_the_domain() -> Self {
        Self {
            page: schema::of_model::<BlockingPage>(),
            others: vec![
                ("UserReply", schema::of_model::<UserReply>()),
                ("UsersPage", schema::of_model::<UsersPage>()),
                ("BlockRequest", schema::of_model::<BlockRequest>()),
                ("BlockStateReply", schema::of_model::<BlockStateReply>()),
                ("SubscriptionRequest", schema::of_model::<SubscriptionRequest>()),
                ("SubscriptionReply", schema::of_model::<SubscriptionReply>()),
                ("SubscriptionsPage", schema::of_model::<SubscriptionsPage>()),
                ("UnsubscribedReply", schema::of_model::<UnsubscribedReply>()),
                ("ActivityMessage", schema::of_model::<ActivityMessage>()),
            ],
        }
    }
}

pub(super) fn facts(models: &Models) -> Vec<Facts> {
    let page = Shapes { document: &models.page, elsewhere: ELSEWHERE };
    let mut facts = vec![table("BlockingPage", &page.fields(&models.page, "BlockingPage"))];
    facts.extend(models.others.iter().map(|(model, document)| {
        table(model, &Shapes { document, elsewhere: ELSEWHERE }.fields(document, model))
    }));
    facts.extend(ELSEWHERE.iter().map(|model| table(model, &page.fields_of(model))));
    facts.push(renames());
    facts
}

fn table(model: &str, fields: &[Field]) -> Facts {
    let row = |field: &Field| {
        let [tweet, post] = Vocabulary::ALL.map(|words| field.path(words));
        let post = if post == tweet { String::new() } else { post };
        let default = if is_default(model, field) { "yes" } else { "" };
        vec![Cell::text(tweet), Cell::text(post), field.kind.cell(), Cell::text(default)]
    };
    Facts {
        heading: model.to_owned(),
        home: "the models of the domain",
        columns: vec!["field", "in post words", "type", "default"],
        key: 1,
        rows: fields.iter().map(row).collect(),
    }
}

/// Whether a field is there unasked, wherever the object around it is.
fn is_default(model: &str, field: &Field) -> bool {
    fn unasked<C: Choice>(field: &Field) -> bool {
        matches!(&field.steps[..], [only] if C::DEFAULT.iter().any(|c| c.name() == only.key))
    }
    field.required
        || match model {
            "User" => unasked::<UserField>(field),
            "Post" => unasked::<PostField>(field),
            _ => false,
        }
}

fn renames() -> Facts {
    let row = |rename: &Rename| {
        let word = |word: Option<&str>| Cell::text(word.unwrap_or(NONE));
        vec![Cell::text(place(rename.place)), word(rename.tweet), word(rename.post)]
    };
    Facts {
        heading: "Two vocabularies".into(),
        home: "`RENAMES`",
        columns: vec!["where", "tweet word", "post word"],
        key: 3,
        rows: RENAMES.iter().map(row).collect(),
    }
}

fn place(place: Place) -> String {
    match place {
        Place::Parameter => "name of a parameter".to_owned(),
        Place::Expansion => "value of expansions".to_owned(),
        Place::UserField => "value of user.fields".to_owned(),
        Place::PostField => "value of tweet.fields".to_owned(),
        Place::Key(model) => format!("key of {model}"),
        Place::Value(model) => format!("value of {model}"),
        other => format!("{other:?}"),
    }
}
