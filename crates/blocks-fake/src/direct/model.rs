//! The domain's models, made from what a caller sees.

use std::collections::BTreeSet;

use blocks_domain::{
    Affiliation, AffiliationIds, Choice, ConnectionStatus, EditControls, Entities, Expansion,
    Includes, MentionEntity, Place, Post, PostField, PostMetrics, PostWithheld, Problem,
    ProblemSection, ProblemType, ReplySettings, ResourceType, Selection, Side, Subscription,
    SubscriptionType, TagEntity, UrlEntity, User, UserEntities, UserField, UserMetrics,
    UserWithheld, VerifiedType, Vocabulary, WithheldScope, translate,
};

use crate::world::{
    Absence, Badge, Company, Meaning, Missing, Pin, Profile, ProfilePost, Text, Unseen, View,
};

/// The users of an answer, with the fields that a selection asks for.
pub(super) fn users(views: &[View], selection: &Selection) -> Vec<User> {
    let fields = fields(selection);
    views.iter().map(|view| user(view, &fields)).collect()
}

/// What came along; `None` when nothing did.
pub(super) fn includes(company: &Company, selection: &Selection) -> Option<Includes> {
    let fields: BTreeSet<_> = selection.post_fields().collect();
    let posts = company.posts.iter().map(|p| post(p, &fields, selection.vocabulary())).collect();
    let mut includes = Includes::default();
    includes.posts = super::non_empty(posts);
    includes.users = super::non_empty(users(&company.users, selection));
    (includes != Includes::default()).then_some(includes)
}

/// One problem for each post and user that cannot be shown.
pub(super) fn problems(company: &Company, selection: &Selection) -> Vec<Problem> {
    let words = selection.vocabulary();
    company.missing.iter().map(|missing| problem(missing, words)).collect()
}

/// The fields to answer: those asked for, those that come unasked, and those that an expansion
/// is about.
fn fields(selection: &Selection) -> BTreeSet<UserField> {
    let mut fields: BTreeSet<_> = selection.user_fields().collect();
    fields.extend([UserField::Id, UserField::Name, UserField::Username]);
    fields.extend(selection.expansions().filter_map(|expansion| match expansion {
        Expansion::PinnedPost => Some(UserField::PinnedPost),
        Expansion::MostRecentPost => Some(UserField::MostRecentPost),
        Expansion::Affiliation => Some(UserField::Affiliation),
        _ => None,
    }));
    fields
}

/// A user with these fields.
pub(super) fn user(view: &View, fields: &BTreeSet<UserField>) -> User {
    let mut user = User::new(view.profile.id);
    for field in fields {
        fill_profile(&mut user, *field, &view.profile);
        fill_standing(&mut user, *field, view);
    }
    user
}

/// Fills a field that is the same whoever looks.
fn fill_profile(user: &mut User, field: UserField, profile: &Profile) {
    match field {
        UserField::Name => user.name = Some(profile.name.clone()),
        UserField::Username => user.username = Some(profile.username.clone()),
        UserField::CreatedAt => user.created_at = Some(profile.created_at),
        UserField::Description => user.description = Some(profile.description.text().to_owned()),
        UserField::Location => user.location.clone_from(&profile.location),
        UserField::Url => user.url = profile.website.as_ref().map(|w| w.text().to_owned()),
        UserField::Entities => user.entities = user_entities(profile),
        UserField::ProfileImageUrl => user.profile_image_url = Some(profile.avatar_url.clone()),
        UserField::ProfileBannerUrl => user.profile_banner_url.clone_from(&profile.banner_url),
        UserField::Protected => user.protected = Some(profile.protected),
        UserField::Verified => user.verified = Some(profile.badge != Badge::None),
        UserField::VerifiedType => user.verified_type = Some(verified_type(profile.badge)),
        UserField::IsIdentityVerified => {
            user.is_identity_verified = Some(profile.is_identity_verified());
        }
        UserField::Parody => user.parody = Some(profile.parody),
        UserField::PublicMetrics => user.public_metrics = Some(user_metrics(profile)),
        UserField::VerifiedFollowersCount => {
            user.verified_followers_count = Some(profile.verified_followers);
        }
        UserField::PinnedPost => user.pinned_post_id = profile.pinned.as_ref().map(Pin::id),
        UserField::MostRecentPost => {
            user.most_recent_post_id = profile.most_recent.as_ref().map(|post| post.id);
        }
        UserField::Affiliation => user.affiliation = affiliation(profile),
        UserField::Withheld => user.withheld = withheld(profile),
        _ => {}
    }
}

/// Fills a field that depends on who looks.
fn fill_standing(user: &mut User, field: UserField, view: &View) {
    match field {
        UserField::ConnectionStatus => user.connection_status = connection_status(view),
        UserField::ReceivesYourDm => user.receives_your_dm = Some(view.receives_messages()),
        UserField::SubscribesToYou => user.subscribes_to_you = Some(false),
        UserField::Subscription => {
            let mut subscription = Subscription::default();
            subscription.subscribes_to_you = Some(false);
            user.subscription = Some(subscription);
        }
        UserField::SubscriptionType if view.is_self => {
            user.subscription_type = Some(SubscriptionType::None);
        }
        UserField::ConfirmedEmail if view.is_self => {
            user.confirmed_email = Some(view.profile.email());
        }
        _ => {}
    }
}

fn connection_status(view: &View) -> Option<Vec<ConnectionStatus>> {
    let state = view.relationship;
    let all = [
        (state.blocks(Side::Source), ConnectionStatus::Blocking),
        (state.follows(Side::Target), ConnectionStatus::FollowedBy),
        (state.follows(Side::Source), ConnectionStatus::Following),
    ];
    let standing = all.into_iter().filter_map(|(stands, status)| stands.then_some(status));
    (!view.is_self).then(|| standing.collect())
}

fn verified_type(badge: Badge) -> VerifiedType {
    match badge {
        Badge::None => VerifiedType::None,
        Badge::Blue => VerifiedType::Blue,
        Badge::Business => VerifiedType::Business,
        Badge::Government => VerifiedType::Government,
    }
}

fn user_metrics(profile: &Profile) -> UserMetrics {
    let mut metrics = UserMetrics::default();
    metrics.followers_count = Some(profile.counts.followers);
    metrics.following_count = Some(profile.counts.following);
    metrics.post_count = Some(profile.counts.posts);
    metrics.listed_count = Some(profile.counts.listed);
    metrics.like_count = Some(profile.counts.likes);
    metrics.media_count = Some(profile.counts.media);
    metrics
}

fn affiliation(profile: &Profile) -> Option<Affiliation> {
    let organisation = profile.affiliation?;
    let mut affiliation = Affiliation::default();
    affiliation.user_id = Some(AffiliationIds::Many(vec![organisation]));
    Some(affiliation)
}

fn withheld(profile: &Profile) -> Option<UserWithheld> {
    let countries: Vec<_> = profile.withheld_in.iter().map(|c| (*c).to_owned()).collect();
    let countries = super::non_empty(countries)?;
    let mut withheld = UserWithheld::default();
    withheld.country_codes = Some(countries);
    withheld.scope = Some(WithheldScope::User);
    Some(withheld)
}

fn user_entities(profile: &Profile) -> Option<UserEntities> {
    let mut all = UserEntities::default();
    all.url = profile.website.as_ref().and_then(entities);
    all.description = entities(&profile.description);
    (all != UserEntities::default()).then_some(all)
}

fn entities(text: &Text) -> Option<Entities> {
    let mut all = Entities::default();
    for span in text.spans() {
        let (start, end) = (span.start, span.end);
        match &span.meaning {
            Meaning::Hashtag(tag) => {
                all.hashtags.get_or_insert_default().push(TagEntity::new(start, end, tag));
            }
            Meaning::Cashtag(tag) => {
                all.cashtags.get_or_insert_default().push(TagEntity::new(start, end, tag));
            }
            Meaning::Mention { username, id } => {
                let mut mention = MentionEntity::new(start, end);
                mention.username = Some(username.clone());
                mention.id = Some(*id);
                all.mentions.get_or_insert_default().push(mention);
            }
            Meaning::Link { url, expanded, display } => {
                let mut link = UrlEntity::new(start, end);
                link.url = Some(url.clone());
                link.expanded_url = Some(expanded.clone());
                link.display_url = Some(display.clone());
                all.urls.get_or_insert_default().push(link);
            }
        }
    }
    (all != Entities::default()).then_some(all)
}

fn post(from: &ProfilePost, fields: &BTreeSet<PostField>, vocabulary: Vocabulary) -> Post {
    let mut post = Post::new(from.id);
    post.text = Some(from.text.text().to_owned());
    if vocabulary == Vocabulary::Tweet {
        post.edit_history_post_ids = Some(vec![from.id]);
    }
    for field in fields {
        match field {
            PostField::AuthorId => post.author_id = Some(from.author),
            PostField::ConversationId => post.conversation_id = Some(from.id),
            PostField::CreatedAt => post.created_at = Some(from.created_at),
            PostField::DisplayTextRange => post.display_text_range = Some(vec![0, from.length()]),
            PostField::EditControls => post.edit_controls = Some(edit_controls(from)),
            PostField::Entities => post.entities = entities(&from.text),
            PostField::Lang => post.lang = Some(from.lang.to_owned()),
            PostField::PossiblySensitive => post.possibly_sensitive = Some(from.sensitive),
            PostField::PublicMetrics => post.public_metrics = Some(post_metrics(from)),
            PostField::ReplySettings => post.reply_settings = Some(ReplySettings::Everyone),
            PostField::Withheld => post.withheld = post_withheld(from),
            _ => {}
        }
    }
    post
}

fn post_withheld(post: &ProfilePost) -> Option<PostWithheld> {
    let countries: Vec<_> = post.withheld_in.iter().map(|c| (*c).to_owned()).collect();
    let mut withheld = PostWithheld::default();
    withheld.country_codes = Some(super::non_empty(countries)?);
    withheld.copyright = Some(false);
    withheld.scope = Some(WithheldScope::Post);
    Some(withheld)
}

fn edit_controls(post: &ProfilePost) -> EditControls {
    let mut controls = EditControls::default();
    controls.is_edit_eligible = Some(true);
    controls.editable_until = Some(post.editable_until());
    controls.edits_remaining = Some(ProfilePost::EDITS);
    controls
}

fn post_metrics(post: &ProfilePost) -> PostMetrics {
    let mut metrics = PostMetrics::default();
    metrics.bookmark_count = Some(post.counts.bookmarks);
    metrics.impression_count = Some(post.counts.impressions);
    metrics.like_count = Some(post.counts.likes);
    metrics.quote_count = Some(post.counts.quotes);
    metrics.reply_count = Some(post.counts.replies);
    metrics.repost_count = Some(post.counts.reposts);
    metrics
}

/// The problem of a user who was asked for and is not there.
pub(super) fn absent(parameter: &str, value: &str, why: Absence) -> Problem {
    let (title, detail) = match why {
        Absence::NotFound => {
            ("Not Found Error", format!("Could not find user with {parameter}: [{value}]."))
        }
        Absence::Suspended => ("Forbidden", format!("User has been suspended: [{value}].")),
    };
    let mut problem = Problem::new(ProblemType::ResourceNotFound, title);
    problem.detail = Some(detail);
    problem.resource_type = Some(ResourceType::User);
    problem.parameter = Some(parameter.to_owned());
    problem.value = Some(value.to_owned());
    problem.resource_id = Some(value.to_owned());
    problem
}

fn problem(missing: &Missing, words: Vocabulary) -> Problem {
    let id = missing.id.to_string();
    let field = match missing.expansion {
        Expansion::MostRecentPost => "most_recent_tweet_id",
        _ => "pinned_tweet_id",
    };
    let parameter = translate(Place::Key("User"), field, words).unwrap_or(field).to_owned();
    let (problem_type, title) = match missing.why {
        Unseen::Absent(why) => {
            return absent(missing.expansion.word(words).unwrap_or_default(), &id, why);
        }
        Unseen::Gone => (ProblemType::ResourceNotFound, "Not Found Error"),
        Unseen::Private => (ProblemType::NotAuthorizedForResource, "Authorization Error"),
        Unseen::Withheld => (ProblemType::ResourceUnavailable, "Forbidden"),
    };
    let detail = if missing.why == Unseen::Gone {
        format!("Could not find {} with {parameter}: [{id}].", words.pick("tweet", "post"))
    } else {
        let kind = words.pick("Tweet", "Post");
        format!("Sorry, you are not authorized to see the {kind} with {parameter}: [{id}].")
    };
    let mut problem = Problem::new(problem_type, title);
    problem.detail = Some(detail);
    problem.resource_type = Some(ResourceType::Post);
    // The official files give each type keys of its own.
    let is_withheld = missing.why == Unseen::Withheld;
    problem.parameter = (!is_withheld || words == Vocabulary::Tweet).then_some(parameter);
    problem.section = (missing.why == Unseen::Private).then_some(ProblemSection::Includes);
    problem.value = (!is_withheld).then(|| id.clone());
    problem.resource_id = Some(id);
    problem
}
