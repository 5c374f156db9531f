//! Requests that cannot be built wrong.

use std::collections::BTreeSet;

use crate::field::unspellable;
use crate::{
    Choice, Expansion, InvalidValue, MaxResults, PageToken, PostField, UserField, Vocabulary,
};

/// A request for one page of a block list: `GET /2/users/:id/blocking`.
///
/// ```
/// use blocks_domain::{BlockingQuery, MaxResults, Selection, UserField, Vocabulary};
///
/// let selection = Selection::in_words(Vocabulary::Tweet)
///     .with_user_fields([UserField::CreatedAt, UserField::PublicMetrics])?;
/// let query = BlockingQuery::new(selection).with_max_results(MaxResults::MAX);
/// assert_eq!(
///     query.pairs(),
///     [("max_results", "1000".into()), ("user.fields", "created_at,public_metrics".into())]
/// );
/// # Ok::<(), blocks_domain::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockingQuery {
    selection: Selection,
    max_results: Option<MaxResults>,
    pagination_token: Option<PageToken>,
}

impl BlockingQuery {
    /// Asks for the first page, of the server's default size (100 users).
    #[must_use]
    pub const fn new(selection: Selection) -> Self {
        Self { selection, max_results: None, pagination_token: None }
    }

    /// Asks for pages of this size.
    #[must_use]
    pub const fn with_max_results(mut self, max_results: MaxResults) -> Self {
        self.max_results = Some(max_results);
        self
    }

    /// Asks for the page that a token of an earlier answer names.
    #[must_use]
    pub fn with_pagination_token(mut self, token: PageToken) -> Self {
        self.pagination_token = Some(token);
        self
    }

    /// Asks for the first page again.
    #[must_use]
    pub fn from_first_page(mut self) -> Self {
        self.pagination_token = None;
        self
    }

    /// What is asked for of each user.
    #[must_use]
    pub const fn selection(&self) -> &Selection {
        &self.selection
    }

    /// Asks for something else of each user; the page stays the same.
    #[must_use]
    pub fn with_selection(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// The size of a page: what was asked for, or the server's default.
    #[must_use]
    pub fn max_results(&self) -> MaxResults {
        self.max_results.unwrap_or_default()
    }

    /// The token of the page; `None` for the first page.
    #[must_use]
    pub const fn pagination_token(&self) -> Option<&PageToken> {
        self.pagination_token.as_ref()
    }

    /// The query parameters by name, not yet percent-encoded; what was not set is left out.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if let Some(max_results) = self.max_results {
            pairs.push(("max_results", max_results.to_string()));
        }
        if let Some(token) = &self.pagination_token {
            pairs.push(("pagination_token", token.as_str().to_owned()));
        }
        pairs.extend(self.selection.pairs());
        pairs
    }

    /// Reads query parameters, as [`pairs`](Self::pairs) writes them.
    ///
    /// The vocabulary is that of the words: post words where `post.fields` is named, or a value
    /// that only they have; tweet words otherwise.
    ///
    /// # Errors
    /// A parameter that does not exist or stands twice, or a value that it does not take.
    ///
    /// ```
    /// use blocks_domain::BlockingQuery;
    ///
    /// let query = BlockingQuery::from_pairs([("max_results", "5"), ("post.fields", "text")])?;
    /// assert_eq!(query.max_results().get(), 5);
    ///
    /// let error = BlockingQuery::from_pairs([("max_results", "1001")]).unwrap_err();
    /// assert!(error.to_string().contains("1 to 1000"), "{error}");
    /// # Ok::<(), blocks_domain::InvalidValue>(())
    /// ```
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, InvalidValue> {
        let pairs: Vec<_> = pairs.into_iter().collect();
        let mut query = Self::new(Selection::in_words(vocabulary_of(&pairs)));
        let mut seen = BTreeSet::new();
        for (name, value) in pairs {
            if !seen.insert(name) {
                return Err(InvalidValue::new("query", name, "each parameter once"));
            }
            query = query.with_pair(name, value)?;
        }
        Ok(query)
    }

    fn with_pair(mut self, name: &str, value: &str) -> Result<Self, InvalidValue> {
        let words = self.selection.vocabulary;
        match name {
            "max_results" => Ok(self.with_max_results(value.parse()?)),
            "pagination_token" => {
                let token = PageToken::new(value).map_err(|_| {
                    InvalidValue::new("pagination_token", value, "a token from an earlier answer")
                })?;
                Ok(self.with_pagination_token(token))
            }
            _ if name == UserField::parameter(words) => {
                self.selection = self.selection.with_user_fields(listed(value, words)?)?;
                Ok(self)
            }
            _ if name == PostField::parameter(words) => {
                self.selection = self.selection.with_post_fields(listed(value, words)?)?;
                Ok(self)
            }
            _ if name == Expansion::parameter(words) => {
                self.selection = self.selection.with_expansions(listed(value, words)?)?;
                Ok(self)
            }
            _ => Err(InvalidValue::new("query", name, Self::parameters(words).join(", "))),
        }
    }

    /// The names of all parameters in the given vocabulary, in alphabetical order.
    #[must_use]
    pub fn parameters(vocabulary: Vocabulary) -> [&'static str; 5] {
        let mut names = [
            "max_results",
            "pagination_token",
            Expansion::parameter(vocabulary),
            PostField::parameter(vocabulary),
            UserField::parameter(vocabulary),
        ];
        names.sort_unstable();
        names
    }
}

fn vocabulary_of(pairs: &[(&str, &str)]) -> Vocabulary {
    let decides = |(name, value): &(&str, &str)| match *name {
        "user.fields" => only_in_post_words::<UserField>(value),
        "expansions" => only_in_post_words::<Expansion>(value),
        name => name == PostField::parameter(Vocabulary::Post),
    };
    if pairs.iter().any(decides) { Vocabulary::Post } else { Vocabulary::Tweet }
}

fn only_in_post_words<C: Choice>(value: &str) -> bool {
    let known = |word, words| C::from_word(word, words).is_ok();
    value.split(',').any(|word| known(word, Vocabulary::Post) && !known(word, Vocabulary::Tweet))
}

fn listed<C: Choice>(value: &str, words: Vocabulary) -> Result<Vec<C>, InvalidValue> {
    value.split(',').map(|word| C::from_word(word, words)).collect()
}

/// What is asked for of each user, and in which words.
///
/// Nothing asked for means the server's default: `id`, `name` and `username`.
///
/// ```
/// use blocks_domain::{Expansion, PostField, Selection, Vocabulary};
///
/// let selection = Selection::in_words(Vocabulary::Post)
///     .with_expansions([Expansion::PinnedPost])?
///     .with_post_fields([PostField::Text])?;
/// assert_eq!(
///     selection.pairs(),
///     [("expansions", "pinned_post_id".into()), ("post.fields", "text".into())]
/// );
/// assert!(selection.with_post_fields([PostField::AuthorId]).is_err());
/// # Ok::<(), blocks_domain::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    vocabulary: Vocabulary,
    user_fields: BTreeSet<UserField>,
    post_fields: BTreeSet<PostField>,
    expansions: BTreeSet<Expansion>,
}

impl Selection {
    /// Nothing beyond the defaults, spelt in the given vocabulary.
    #[must_use]
    pub fn in_words(vocabulary: Vocabulary) -> Self {
        Self { vocabulary, ..Self::default() }
    }

    /// Asks for fields of the users as well.
    ///
    /// # Errors
    /// The vocabulary has no word for one of them.
    pub fn with_user_fields(
        mut self,
        fields: impl IntoIterator<Item = UserField>,
    ) -> Result<Self, InvalidValue> {
        add(&mut self.user_fields, fields, self.vocabulary)?;
        Ok(self)
    }

    /// Asks for fields of the posts that an expansion brings in.
    ///
    /// Without an expansion they are accepted and change nothing.
    ///
    /// # Errors
    /// The vocabulary has no word for one of them.
    pub fn with_post_fields(
        mut self,
        fields: impl IntoIterator<Item = PostField>,
    ) -> Result<Self, InvalidValue> {
        add(&mut self.post_fields, fields, self.vocabulary)?;
        Ok(self)
    }

    /// Asks for objects that belong to the users as well.
    ///
    /// # Errors
    /// The vocabulary has no word for one of them.
    pub fn with_expansions(
        mut self,
        expansions: impl IntoIterator<Item = Expansion>,
    ) -> Result<Self, InvalidValue> {
        add(&mut self.expansions, expansions, self.vocabulary)?;
        Ok(self)
    }

    /// Every field and expansion that the vocabulary can spell.
    #[must_use]
    pub fn everything(vocabulary: Vocabulary) -> Self {
        fn all<C: Choice>(vocabulary: Vocabulary) -> BTreeSet<C> {
            C::ALL.iter().copied().filter(|c| c.word(vocabulary).is_some()).collect()
        }
        Self {
            vocabulary,
            user_fields: all(vocabulary),
            post_fields: all(vocabulary),
            expansions: all(vocabulary),
        }
    }

    /// The words that the request is spelt in.
    #[must_use]
    pub const fn vocabulary(&self) -> Vocabulary {
        self.vocabulary
    }

    /// The fields asked for of the users.
    pub fn user_fields(&self) -> impl Iterator<Item = UserField> {
        self.user_fields.iter().copied()
    }

    /// The fields asked for of the posts.
    pub fn post_fields(&self) -> impl Iterator<Item = PostField> {
        self.post_fields.iter().copied()
    }

    /// The objects to bring along.
    pub fn expansions(&self) -> impl Iterator<Item = Expansion> {
        self.expansions.iter().copied()
    }

    /// The same wishes in the words of a vocabulary.
    ///
    /// # Errors
    /// The vocabulary has no word for one of them; the error names it.
    ///
    /// ```
    /// use blocks_domain::{Expansion, PostField, Selection, Vocabulary};
    ///
    /// let tweet = Selection::default().with_expansions([Expansion::PinnedPost])?;
    /// let post = tweet.in_other_words(Vocabulary::Post)?;
    /// assert_eq!(post.pairs(), [("expansions", "pinned_post_id".into())]);
    ///
    /// let authors = tweet.with_post_fields([PostField::AuthorId])?;
    /// let error = authors.in_other_words(Vocabulary::Post).unwrap_err();
    /// assert_eq!((error.parameter, error.value.as_str()), ("post.fields", "author_id"));
    /// # Ok::<(), blocks_domain::InvalidValue>(())
    /// ```
    pub fn in_other_words(&self, vocabulary: Vocabulary) -> Result<Self, InvalidValue> {
        Self::in_words(vocabulary)
            .with_user_fields(self.user_fields())?
            .with_post_fields(self.post_fields())?
            .with_expansions(self.expansions())
    }

    /// The same wishes in the words of a vocabulary, without those that it has no word for, which
    /// are told by their names.
    ///
    /// ```
    /// use blocks_domain::{Selection, UserField, Vocabulary};
    ///
    /// let wishes = [UserField::Affiliation, UserField::Verified];
    /// let selection = Selection::in_words(Vocabulary::Tweet).with_user_fields(wishes)?;
    /// let (rest, left_out) = selection.as_far_as_spellable(Vocabulary::Post);
    /// assert_eq!(rest.pairs(), [("user.fields", "verified".into())]);
    /// assert_eq!(left_out, ["affiliation"]);
    /// # Ok::<(), blocks_domain::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn as_far_as_spellable(&self, vocabulary: Vocabulary) -> (Self, Vec<&'static str>) {
        let mut left_out = Vec::new();
        let selection = Self {
            vocabulary,
            user_fields: spellable(&self.user_fields, vocabulary, &mut left_out),
            post_fields: spellable(&self.post_fields, vocabulary, &mut left_out),
            expansions: spellable(&self.expansions, vocabulary, &mut left_out),
        };
        (selection, left_out)
    }

    /// Whether a request for it tells the vocabulary: whether the other one spells it otherwise, or
    /// cannot.
    ///
    /// ```
    /// use blocks_domain::{Expansion, Selection, UserField};
    ///
    /// let plain = Selection::default().with_user_fields([UserField::Verified])?;
    /// assert!(!plain.tells_the_vocabulary());
    /// assert!(plain.with_expansions([Expansion::PinnedPost])?.tells_the_vocabulary());
    /// # Ok::<(), blocks_domain::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn tells_the_vocabulary(&self) -> bool {
        self.in_other_words(self.vocabulary.other())
            .map_or(true, |other| other.pairs() != self.pairs())
    }

    /// The query parameters by name, not yet percent-encoded; what is empty is left out.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        [
            spelt(&self.expansions, self.vocabulary),
            spelt(&self.post_fields, self.vocabulary),
            spelt(&self.user_fields, self.vocabulary),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn add<C: Choice>(
    chosen: &mut BTreeSet<C>,
    more: impl IntoIterator<Item = C>,
    vocabulary: Vocabulary,
) -> Result<(), InvalidValue> {
    for choice in more {
        if choice.word(vocabulary).is_none() {
            return Err(unspellable(choice, choice.name(), vocabulary));
        }
        chosen.insert(choice);
    }
    Ok(())
}

fn spellable<C: Choice>(
    chosen: &BTreeSet<C>,
    vocabulary: Vocabulary,
    left_out: &mut Vec<&'static str>,
) -> BTreeSet<C> {
    let (kept, lost): (BTreeSet<C>, BTreeSet<C>) =
        chosen.iter().partition(|choice| choice.word(vocabulary).is_some());
    left_out.extend(lost.iter().map(|choice| choice.name()));
    kept
}

fn spelt<C: Choice>(chosen: &BTreeSet<C>, words: Vocabulary) -> Option<(&'static str, String)> {
    let list: Vec<_> = chosen.iter().filter_map(|choice| choice.word(words)).collect();
    (!list.is_empty()).then(|| (C::parameter(words), list.join(",")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    use super::*;

    fn choices<C: Choice>(words: Vocabulary) -> impl Strategy<Value = Vec<C>> {
        let all: Vec<C> = C::ALL.iter().copied().filter(|c| c.word(words).is_some()).collect();
        let count = all.len();
        subsequence(all, 0..=count)
    }

    fn any_query() -> impl Strategy<Value = BlockingQuery> {
        prop_oneof![Just(Vocabulary::Tweet), Just(Vocabulary::Post)].prop_flat_map(|words| {
            let parts = (choices(words), choices(words), choices(words));
            let page =
                (proptest::option::of(1..=1000_u32), proptest::option::of("[A-Z0-9]{16,40}"));
            (parts, page).prop_map(move |((users, posts, expansions), (size, token))| {
                let selection = Selection::in_words(words)
                    .with_user_fields(users)
                    .and_then(|s| s.with_post_fields(posts))
                    .and_then(|s| s.with_expansions(expansions))
                    .expect("spellable");
                let mut query = BlockingQuery::new(selection);
                if let Some(size) = size {
                    query = query.with_max_results(MaxResults::new(size).expect("in range"));
                }
                if let Some(token) = token {
                    query = query.with_pagination_token(PageToken::new(&token).expect("a token"));
                }
                query
            })
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(query in any_query()) {
            let pairs = query.pairs();
            let read = BlockingQuery::from_pairs(pairs.iter().map(|(n, v)| (*n, v.as_str())));
            let read = read.expect("its own words");
            prop_assert_eq!(read.pairs(), pairs);
        }

        #[test]
        fn no_text_makes_it_panic(name in ".{0,20}", value in ".{0,40}") {
            let _ = BlockingQuery::from_pairs([(name.as_str(), value.as_str())]);
        }
    }

    #[test]
    fn every_mistake_names_the_parameter_the_value_and_the_way_out() {
        for (pairs, said) in [
            (&[("max_results", "0")][..], "`max_results` does not take \"0\""),
            (&[("max_results", "ten")], "1 to 1000"),
            (&[("pagination_token", "short")], "a token from an earlier answer"),
            (&[("user.fields", "")], "`user.fields` does not take \"\""),
            (&[("user.fields", "id,,name")], "`user.fields` does not take \"\""),
            (&[("user.fields", "id, name")], "`user.fields` does not take \" name\""),
            (
                &[("tweet.fields", "text"), ("post.fields", "text")],
                "does not take \"tweet.fields\"",
            ),
            (&[("cursor", "1")], "it takes expansions, max_results, pagination_token"),
            (&[("max_results", "1"), ("max_results", "2")], "each parameter once"),
        ] {
            let error = BlockingQuery::from_pairs(pairs.iter().copied()).expect_err(said);
            assert!(error.to_string().contains(said), "{error} does not say {said}");
        }
    }

    #[test]
    fn the_words_choose_the_vocabulary() {
        let words = |pairs: &[(&str, &str)]| {
            BlockingQuery::from_pairs(pairs.iter().copied()).expect("valid").selection.vocabulary
        };
        assert_eq!(words(&[]), Vocabulary::Tweet);
        assert_eq!(words(&[("user.fields", "id")]), Vocabulary::Tweet);
        assert_eq!(words(&[("post.fields", "id")]), Vocabulary::Post);
        assert_eq!(words(&[("expansions", "affiliation")]), Vocabulary::Post);
        assert_eq!(words(&[("expansions", "affiliation.user_id")]), Vocabulary::Tweet);
    }

    proptest! {
        #[test]
        fn what_can_be_said_in_other_words_means_the_same(query in any_query()) {
            let selection = query.selection();
            let other = selection.vocabulary().other();
            let (rest, left_out) = selection.as_far_as_spellable(other);
            match selection.in_other_words(other) {
                Ok(spelt) => {
                    prop_assert!(left_out.is_empty());
                    prop_assert_eq!(&spelt, &rest);
                    prop_assert_eq!(&spelt.in_other_words(selection.vocabulary()), &Ok(selection.clone()));
                }
                Err(error) => prop_assert!(left_out.iter().any(|word| *word == error.value)),
            }
            // What is left can be said in both vocabularies.
            prop_assert!(rest.in_other_words(selection.vocabulary()).is_ok());
            let count = |s: &Selection| s.user_fields.len() + s.post_fields.len() + s.expansions.len();
            prop_assert_eq!(count(&rest) + left_out.len(), count(selection));
        }
    }

    #[test]
    fn a_request_tells_the_vocabulary_where_the_other_one_spells_it_otherwise() {
        let pairs = |name, value| {
            let query = BlockingQuery::from_pairs([(name, value)]).expect("valid");
            query.selection().tells_the_vocabulary()
        };
        assert!(!Selection::in_words(Vocabulary::Post).tells_the_vocabulary());
        assert!(!pairs("user.fields", "id,verified"));
        assert!(pairs("user.fields", "affiliation"), "the other one has no such word");
        assert!(pairs("user.fields", "subscribes_to_you"));
        assert!(pairs("tweet.fields", "text"), "the parameter is renamed");
        assert!(pairs("post.fields", "text"));
        assert!(pairs("expansions", "pinned_tweet_id"));
    }

    #[test]
    fn a_selection_of_everything_asks_for_every_word() {
        for words in Vocabulary::ALL {
            let pairs = Selection::everything(words).pairs();
            let asked: usize = pairs.iter().map(|(_, list)| list.split(',').count()).sum();
            let known = UserField::words(words).len()
                + PostField::words(words).len()
                + Expansion::words(words).len();
            assert_eq!(asked, known);
        }
    }
}
