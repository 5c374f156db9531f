//! What an answer brings along with its main objects.

use jiff::Timestamp;

use super::post::Post;
use super::post_parts::Point;
use super::user::User;
use crate::RawJson;
use crate::wire::{object, open_enum};

object! {
    /// The objects that expansions bring along, each once.
    #[derive(Default)]
    pub struct Includes {
        /// Users, such as the organisations of affiliations.
        pub users: Option<Vec<User>> = "users",
        /// Posts, such as pinned ones.
        pub posts: Option<Vec<Post>> = "tweets" / "posts",
        /// Pictures and videos.
        pub media: Option<Vec<Media>> = "media",
        /// Places.
        pub places: Option<Vec<GeoPlace>> = "places",
        /// Polls.
        pub polls: Option<Vec<Poll>> = "polls",
        /// Topics.
        pub topics: Option<Vec<Topic>> = "topics",
    }
}

object! {
    /// A picture or a video.
    #[derive(Default)]
    pub struct Media {
        /// The key by which posts name it.
        pub media_key: Option<String> = "media_key",
        /// What it is.
        pub kind: Option<MediaKind> = "type",
        /// Its address; only of pictures.
        pub url: Option<String> = "url",
        /// The address of a still picture of it.
        pub preview_image_url: Option<String> = "preview_image_url",
        /// The description for those who do not see it.
        pub alt_text: Option<String> = "alt_text",
        /// Its width in pixels.
        pub width: Option<u64> = "width",
        /// Its height in pixels.
        pub height: Option<u64> = "height",
        /// How long it runs, in milliseconds.
        pub duration_ms: Option<u64> = "duration_ms",
        /// The files in which it is offered.
        pub variants: Option<Vec<MediaVariant>> = "variants",
        /// Counts that everyone can see.
        pub public_metrics: Option<MediaMetrics> = "public_metrics",
        /// Counts for the author alone.
        pub non_public_metrics: Option<MediaMetrics> = "non_public_metrics",
        /// Counts outside of advertisements, for the author alone.
        pub organic_metrics: Option<MediaMetrics> = "organic_metrics",
        /// Counts as an advertisement, for the author alone.
        pub promoted_metrics: Option<MediaMetrics> = "promoted_metrics",
    }
}

object! {
    /// One file of a video.
    #[derive(Default)]
    pub struct MediaVariant {
        /// Its size, in bits a second.
        pub bit_rate: Option<u64> = "bit_rate",
        /// Its media type, such as `video/mp4`.
        pub content_type: Option<String> = "content_type",
        /// Its address.
        pub url: Option<String> = "url",
    }
}

object! {
    /// Counts of a video; which ones there are depends on the group.
    #[derive(Default)]
    pub struct MediaMetrics {
        /// How often it was begun.
        pub playback_0_count: Option<u64> = "playback_0_count",
        /// How often it was watched to a quarter.
        pub playback_25_count: Option<u64> = "playback_25_count",
        /// How often it was watched to the half.
        pub playback_50_count: Option<u64> = "playback_50_count",
        /// How often it was watched to three quarters.
        pub playback_75_count: Option<u64> = "playback_75_count",
        /// How often it was watched to the end.
        pub playback_100_count: Option<u64> = "playback_100_count",
        /// How often it was viewed.
        pub view_count: Option<u64> = "view_count",
    }
}

object! {
    /// A place on Earth.
    pub struct GeoPlace {
        /// Its id.
        pub id: String = "id",
        /// The name with what it lies in, such as `Lakewood, CO`.
        pub full_name: Option<String> = "full_name",
        /// The short name.
        pub name: Option<String> = "name",
        /// The country's name.
        pub country: Option<String> = "country",
        /// The country, as two capital letters.
        pub country_code: Option<String> = "country_code",
        /// What kind of place it is.
        pub place_type: Option<GeoPlaceType> = "place_type",
        /// The ids of the places that it lies in.
        pub contained_within: Option<Vec<String>> = "contained_within",
        /// Where it is.
        pub geo: Option<GeoFeature> = "geo",
    }
}

impl GeoPlace {
    /// A place of which nothing but the id is known.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            full_name: None,
            name: None,
            country: None,
            country_code: None,
            place_type: None,
            contained_within: None,
            geo: None,
            extra: crate::Extra::default(),
        }
    }
}

object! {
    /// Where a place is, as a GeoJSON feature.
    #[derive(Default)]
    pub struct GeoFeature {
        /// The kind of GeoJSON object: `Feature`.
        pub kind: Option<String> = "type",
        /// West, south, east and north, in degrees.
        pub bbox: Option<Vec<f64>> = "bbox",
        /// A point of it.
        pub geometry: Option<Point> = "geometry",
        /// More about it. Its shape is not documented.
        pub properties: Option<RawJson> = "properties",
    }
}

object! {
    /// A poll.
    pub struct Poll {
        /// Its id.
        pub id: String = "id",
        /// What one can choose.
        pub options: Option<Vec<PollOption>> = "options",
        /// Whether one still can.
        pub voting_status: Option<VotingStatus> = "voting_status",
        /// When it ends.
        pub end_datetime: Option<Timestamp> = "end_datetime",
        /// How long it runs, in minutes.
        pub duration_minutes: Option<u64> = "duration_minutes",
    }
}

impl Poll {
    /// A poll of which nothing but the id is known.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            options: None,
            voting_status: None,
            end_datetime: None,
            duration_minutes: None,
            extra: crate::Extra::default(),
        }
    }
}

object! {
    /// One choice of a poll.
    #[derive(Default)]
    pub struct PollOption {
        /// Its place, from 1.
        pub position: Option<u64> = "position",
        /// Its text.
        pub label: Option<String> = "label",
        /// How many chose it.
        pub votes: Option<u64> = "votes",
    }
}

object! {
    /// A topic.
    pub struct Topic {
        /// Its id.
        pub id: String = "id",
        /// Its name.
        pub name: Option<String> = "name",
        /// What it is about.
        pub description: Option<String> = "description",
    }
}

impl Topic {
    /// A topic of which nothing but the id is known.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None, description: None, extra: crate::Extra::default() }
    }
}

open_enum! {
    /// What a piece of media is.
    pub enum MediaKind {
        /// A short film without sound that repeats.
        AnimatedGif = "animated_gif",
        /// A picture.
        Photo = "photo",
        /// A video.
        Video = "video",
    }
}

open_enum! {
    /// What kind of place a place is.
    pub enum GeoPlaceType {
        /// A single spot, such as a stadium.
        PointOfInterest = "poi",
        /// A part of a city.
        Neighborhood = "neighborhood",
        /// A city.
        City = "city",
        /// A part of a country.
        Admin = "admin",
        /// A country.
        Country = "country",
        /// X does not know.
        Unknown = "unknown",
    }
}

open_enum! {
    /// Whether one can still vote.
    pub enum VotingStatus {
        /// One can.
        Open = "open",
        /// The poll is over.
        Closed = "closed",
    }
}
