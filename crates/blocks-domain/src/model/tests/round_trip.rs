//! Whatever a model holds is read back from what it writes.

use std::fmt::Debug;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Vocabulary;
use crate::model::arbitrary::{Arbitrary, any_model};
use crate::model::*;
use crate::wire::{Spelled, Wire};

fn comes_back<T>(model: &T) -> Result<(), TestCaseError>
where
    T: Wire + Arbitrary + DeserializeOwned + Serialize + PartialEq + Debug,
{
    for words in Vocabulary::ALL {
        let json = serde_json::to_string(&Spelled(model, words)).expect("JSON");
        let again: T = serde_json::from_str(&json)
            .map_err(|error| TestCaseError::fail(format!("{error}: {json}")))?;
        prop_assert_eq!(&again, model, "{}", json);
        prop_assert_eq!(serde_json::to_string(&Spelled(&again, words)).expect("JSON"), json);
    }
    let plain = serde_json::to_string(model).expect("JSON");
    let tweet = serde_json::to_string(&Spelled(model, Vocabulary::Tweet)).expect("JSON");
    prop_assert_eq!(plain, tweet, "plain serialization writes tweet words");
    Ok(())
}

macro_rules! each_comes_back {
    ($($test:ident: $model:ty,)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(128))]
            $(
                #[test]
                fn $test(model in any_model::<$model>()) {
                    comes_back(&model)?;
                }
            )*
        }
    };
}

each_comes_back! {
    every_user: User,
    every_post: Post,
    every_set_of_entities: Entities,
    every_set_of_includes: Includes,
    every_problem: Problem,
    every_page: BlockingPage,
    every_lookup: UsersPage,
    every_lookup_of_one: UserReply,
    every_block_request: BlockRequest,
    every_block_reply: BlockStateReply,
    every_activity_message: ActivityMessage,
    every_subscription_request: SubscriptionRequest,
    every_subscription_reply: SubscriptionReply,
    every_page_of_subscriptions: SubscriptionsPage,
    every_unsubscribed_reply: UnsubscribedReply,
}
