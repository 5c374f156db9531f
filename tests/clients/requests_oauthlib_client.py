"""Signs in, blocks and unblocks with requests-oauthlib.

Reads one line of JSON from stdin: how to reach the sandbox, and an account to block.
"""

import html.parser
import json
import os
import sys
from urllib.parse import urljoin

import requests
import requests_oauthlib
from oauthlib.oauth2 import OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth1Session, OAuth2Session

# The sandbox is on this machine, without TLS.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

REACH = json.loads(sys.stdin.readline())
URL, TARGET = REACH["url"], REACH["target"]
SCOPES = ["block.read", "block.write", "users.read", "tweet.read", "offline.access"]


class Form(html.parser.HTMLParser):
    """The fields and the address of the form on a page."""

    def __init__(self, text):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.action = attrs["action"]
        elif tag == "input":
            self.fields[attrs["name"]] = attrs["value"]


def approve(address):
    """Approves at a consent page, as a person would, and answers where that leads."""
    page = requests.get(address, timeout=10)
    assert page.status_code == 200, page.text
    form = Form(page.text)
    answer = requests.post(
        urljoin(address, form.action),
        data={**form.fields, "approve": "yes"},
        allow_redirects=False,
        timeout=10,
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def block_and_unblock(session):
    """Blocks an account and unblocks it again, each twice, and reads the list in between."""
    me = session.get(f"{URL}/2/users/me").json()["data"]
    blocking = f"{URL}/2/users/{me['id']}/blocking"
    for _ in range(2):
        blocked = session.post(blocking, json={"target_user_id": TARGET})
        assert blocked.json() == {"data": {"blocking": True}}, blocked.text
    newest = session.get(blocking, params={"max_results": 1}).json()["data"][0]
    assert newest["id"] == TARGET, newest
    for _ in range(2):
        unblocked = session.delete(f"{blocking}/{TARGET}")
        assert unblocked.json() == {"data": {"blocking": False}}, unblocked.text
    newest = session.get(blocking, params={"max_results": 1}).json()["data"][0]
    assert newest["id"] != TARGET, newest


def by_oauth2():
    """Signs in with PKCE, and stays signed in."""
    session = OAuth2Session(
        REACH["client_id"], redirect_uri=REACH["redirect_uri"], scope=SCOPES, pkce="S256"
    )
    address, _ = session.authorization_url(f"{URL}/i/oauth2/authorize")
    app = HTTPBasicAuth(REACH["client_id"], REACH["client_secret"])
    token_url = f"{URL}/2/oauth2/token"
    first = session.fetch_token(
        token_url, authorization_response=approve(address), auth=app, include_client_id=False
    )
    assert first["expires_in"] == 7200, first.keys()
    block_and_unblock(session)

    second = session.refresh_token(token_url, auth=app)
    assert second["access_token"] != first["access_token"]
    block_and_unblock(session)
    try:
        session.refresh_token(token_url, refresh_token=first["refresh_token"], auth=app)
    except OAuth2Error as error:
        assert error.error == "invalid_request", error
    else:
        raise AssertionError("a refresh token works twice")


def by_oauth1():
    """Signs in on three legs."""
    keys = REACH["oauth1"]
    session = OAuth1Session(
        keys["consumer_key"], keys["consumer_secret"], callback_uri=REACH["redirect_uri"]
    )
    session.fetch_request_token(f"{URL}/oauth/request_token")
    address = session.authorization_url(f"{URL}/oauth/authorize")
    session.parse_authorization_response(approve(address))
    who = session.fetch_access_token(f"{URL}/oauth/access_token")
    assert who["user_id"] == REACH["user_id"], who["user_id"]
    block_and_unblock(session)


by_oauth2()
by_oauth1()
print(f"requests-oauthlib {requests_oauthlib.__version__}: signed in, refreshed, blocked, unblocked")
