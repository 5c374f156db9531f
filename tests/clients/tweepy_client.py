"""Reads a block list with tweepy, in which nothing is changed but the address.

Reads one line of JSON from stdin: how to reach the sandbox, with a token of the app alone.
"""

import json
import sys

import requests
import tweepy
from tweepy.tweet import PUBLIC_TWEET_FIELDS
from tweepy.user import USER_FIELDS

REACH = json.loads(sys.stdin.readline())
EVERYTHING = {
    "expansions": ["pinned_tweet_id", "most_recent_tweet_id", "affiliation.user_id"],
    "tweet_fields": PUBLIC_TWEET_FIELDS,
    "user_fields": [*USER_FIELDS, "affiliation", "connection_status", "verified_type"],
}


class Elsewhere(requests.Session):
    """A session that turns to the sandbox in place of the API."""

    def request(self, method, url, **rest):
        return super().request(method, url.replace("https://api.twitter.com", REACH["url"]), **rest)


def client(**credentials):
    """A client of tweepy that turns to the sandbox."""
    made = tweepy.Client(**credentials)
    made.session = Elsewhere()
    return made


def by_oauth1():
    """A client that signs its requests."""
    keys = REACH["oauth1"]
    return client(
        consumer_key=keys["consumer_key"],
        consumer_secret=keys["consumer_secret"],
        access_token=keys["token"],
        access_token_secret=keys["token_secret"],
    )


def read_everything(reader, user_auth):
    """Reads all pages with all fields, forward to the last one."""
    pages = tweepy.Paginator(
        reader.get_blocked, max_results=1000, user_auth=user_auth, **EVERYTHING
    )
    users, tweets = [], {}
    for page in pages:
        assert not set(page.includes) - {"tweets", "users"}, page.includes.keys()
        assert page.meta["result_count"] == len(page.data), page.meta
        users.extend(page.data)
        tweets.update((tweet.id, tweet) for tweet in page.includes.get("tweets", []))
    ids = {user.id for user in users}
    assert len(ids) == len(users) == REACH["blocks"], f"{len(ids)} of {len(users)} users"
    for user in users:
        assert user.created_at.tzinfo is not None
        assert user.public_metrics["followers_count"] >= 0
        assert "blocking" in user["connection_status"], user.data
    shown = [tweets[user.pinned_tweet_id] for user in users if user.pinned_tweet_id in tweets]
    assert shown, "some pinned posts are there"
    assert all(tweet.text and tweet.created_at for tweet in shown)
    return ids


def runs_out(reader):
    """Reads until the window is spent."""
    for _ in range(20):
        try:
            reader.get_blocked(user_auth=False)
        except tweepy.TooManyRequests as error:
            headers = error.response.headers
            assert headers["x-rate-limit-remaining"] == "0", headers
            assert error.reset_time == int(headers["x-rate-limit-reset"])
            return
    raise AssertionError("the window is never spent")


def is_refused(expected, reader, **rest):
    """Fails unless reading is refused in this way."""
    try:
        reader.get_blocked(user_auth=False, **rest)
    except expected as error:
        return error
    raise AssertionError(f"no {expected.__name__}")


by_token = client(bearer_token=REACH["access_token"])
signed = read_everything(by_oauth1(), user_auth=True)
bearing = read_everything(by_token, user_auth=False)
assert signed == bearing, "both ways to sign in read the same list"

# tweepy asks who is signed in before it reads, and an app alone is nobody.
is_refused(tweepy.Forbidden, client(bearer_token=REACH["app_only_token"]))
is_refused(tweepy.Unauthorized, client(bearer_token="unheard-of"))
wrong = is_refused(tweepy.BadRequest, by_token, max_results=1001)
assert "is not between 1 and 1000" in wrong.api_messages[0], wrong
runs_out(by_token)
print(f"tweepy {tweepy.__version__}: {len(bearing)} accounts by OAuth 1.0a and by OAuth 2.0")
