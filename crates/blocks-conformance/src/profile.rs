//! Which fields of a user came back, for the suites of the API.

use blocks_domain::{InvalidValue, Selection, User, UserField, Vocabulary};

/// Fields that both vocabularies can spell and most accounts have.
pub(crate) const PROBES: [UserField; 4] =
    [UserField::CreatedAt, UserField::Description, UserField::PublicMetrics, UserField::Protected];

/// One field more than is sent unasked, in each vocabulary.
pub(crate) fn one_field_more() -> impl Iterator<Item = (UserField, Selection)> {
    let ask = |words, field| -> Result<_, InvalidValue> {
        Ok((field, Selection::in_words(words).with_user_fields([field])?))
    };
    Vocabulary::ALL.into_iter().flat_map(move |words| {
        PROBES.map(|field| ask(words, field).expect("both vocabularies spell the probes"))
    })
}

/// Checks that the users have what is sent unasked and nothing else.
pub(crate) fn assert_bare(users: &[User]) {
    for user in users {
        assert!(user.name.is_some() && user.username.is_some(), "name or handle missing: {user:?}");
        assert_eq!(*user, bare(user), "nothing beyond id, name and handle was asked for");
    }
}

/// Checks that the users have `field` and what is sent unasked, and nothing else.
pub(crate) fn assert_only(field: UserField, users: &[User]) {
    let mut somebody_has_it = false;
    for user in users {
        let mut expected = bare(user);
        match field {
            UserField::CreatedAt => expected.created_at = user.created_at,
            UserField::Description => expected.description.clone_from(&user.description),
            UserField::PublicMetrics => expected.public_metrics.clone_from(&user.public_metrics),
            UserField::Protected => expected.protected = user.protected,
            other => panic!("{other:?} is none of the probes"),
        }
        assert_eq!(*user, expected, "nothing beyond `{field}` was asked for");
        somebody_has_it |= expected != bare(user);
    }
    assert!(somebody_has_it, "`{field}` was asked for, and nobody has it");
}

fn bare(user: &User) -> User {
    let mut bare = User::new(user.id);
    bare.name.clone_from(&user.name);
    bare.username.clone_from(&user.username);
    bare
}
