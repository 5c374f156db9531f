//! The models: what X sends and what it is sent.

mod activity;
#[cfg(test)]
pub(crate) mod arbitrary;
mod entities;
mod includes;
mod mutation;
mod page;
mod post;
mod post_parts;
mod problem;
#[cfg(test)]
mod tests;
mod unknown_word;
mod user;

pub use activity::{
    ActivityFilter, ActivityMessage, ActivitySubscription, BlockEvent, BlockEventPayload,
    BlockEventType, EventUser, Subscribed, SubscriptionReply, SubscriptionRequest,
    SubscriptionsMeta, SubscriptionsPage, Unsubscribed, UnsubscribedReply,
};
pub use entities::{Annotation, Entities, MentionEntity, TagEntity, UrlEntity, UrlImage};
pub use includes::{
    GeoFeature, GeoPlace, GeoPlaceType, Includes, Media, MediaKind, MediaMetrics, MediaVariant,
    Poll, PollOption, Topic, VotingStatus,
};
pub use mutation::{BlockRequest, BlockState, BlockStateReply};
pub use page::{BlockingPage, InvalidPageToken, Meta, PageToken, UserReply, UsersPage};
pub use post::Post;
pub use post_parts::{
    Attachments, ContextAnnotation, ContextTerm, EditControls, MediaMetadata, NotePost, Point,
    PostGeo, PostMetrics, PostScopes, PostWithheld, ReferenceKind, ReferencedPost, ReplySettings,
};
pub use problem::{
    CapPeriod, CapScope, ErrorBody, Problem, ProblemSection, ProblemType, RefusalReason,
    ResourceType,
};
pub use unknown_word::UnknownWord;
pub use user::{
    Affiliation, AffiliationIds, ConnectionStatus, Subscription, SubscriptionType, User,
    UserEntities, UserMetrics, UserWithheld, VerifiedType, WithheldScope,
};
