//! Models and rules of block lists on X: requests, answers, the block relationship, rate windows and prices.

mod absence;
mod endpoint;
mod failure;
mod field;
mod ground;
mod id;
mod loss;
mod model;
mod pages;
mod price;
mod query;
mod rate;
mod relationship;
mod reservation;
#[cfg(feature = "schema")]
pub mod schema;
mod text;
mod vocabulary;
mod wire;

pub use absence::{Absence, Whereabouts, Witness};
pub use endpoint::{
    AuthKind, Availability, Endpoint, EndpointSpec, LOOKUP_MAX, Scope, UnknownScope,
};
pub use failure::{Failure, ForbiddenReason};
pub use field::{Choice, Expansion, InvalidValue, PostField, UserField};
pub use ground::KnownGround;
pub use id::{InvalidId, InvalidUsername, PostId, SubscriptionId, UserId, Username};
pub use loss::LossLimit;
pub use model::{
    ActivityFilter, ActivityMessage, ActivitySubscription, Affiliation, AffiliationIds, Annotation,
    Attachments, BlockEvent, BlockEventPayload, BlockEventType, BlockRequest, BlockState,
    BlockStateReply, BlockingPage, CapPeriod, CapScope, ConnectionStatus, ContextAnnotation,
    ContextTerm, EditControls, Entities, ErrorBody, EventUser, GeoFeature, GeoPlace, GeoPlaceType,
    Includes, InvalidPageToken, Media, MediaKind, MediaMetadata, MediaMetrics, MediaVariant,
    MentionEntity, Meta, NotePost, PageToken, Point, Poll, PollOption, Post, PostGeo, PostMetrics,
    PostScopes, PostWithheld, Problem, ProblemSection, ProblemType, ReferenceKind, ReferencedPost,
    RefusalReason, ReplySettings, ResourceType, Subscribed, Subscription, SubscriptionReply,
    SubscriptionRequest, SubscriptionType, SubscriptionsMeta, SubscriptionsPage, TagEntity, Topic,
    UnknownWord, Unsubscribed, UnsubscribedReply, UrlEntity, UrlImage, User, UserEntities,
    UserMetrics, UserReply, UserWithheld, UsersPage, VerifiedType, VotingStatus, WithheldScope,
};
pub use pages::{MaxResults, SweepCost};
pub use price::{BillingDay, Charge, InvalidUsd, Price, Usd};
pub use query::{BlockingQuery, Selection};
pub use rate::{Allowance, RateLimit, RateWindow};
pub use relationship::{
    Action, BlockPair, BlockStanding, Change, Effect, FollowAcrossBlock, PERMISSIONS, Permission,
    Refusal, Relations, Relationship, SelfBlock, Side, Sides, Transition, Verdict,
};
pub use reservation::{CallOutcome, Ticket, WindowState};
pub use text::{excerpt, is_hidden};
pub use vocabulary::{Place, RENAMES, Rename, Vocabulary, Wording, translate};
pub use wire::{Extra, FromJson, Oddities, OtherWord, RawJson, words_of_answer};
