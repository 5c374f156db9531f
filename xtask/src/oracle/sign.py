"""Signs requests with oauthlib: one JSON object a line in, one JSON object a line out."""

import json
import sys

import oauthlib
from oauthlib.oauth1 import Client


def sign(case):
    """The `Authorization` header of a request, with its parameters in order."""
    token, token_secret = case["token"] or (None, None)
    client = Client(
        case["consumer_key"],
        client_secret=case["consumer_secret"],
        resource_owner_key=token,
        resource_owner_secret=token_secret,
        callback_uri=case["callback"],
        verifier=case["verifier"],
        nonce=case["nonce"],
        timestamp=str(case["timestamp"]),
    )
    headers = {}
    if case["form"] is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    _, signed, _ = client.sign(case["url"], case["method"], case["form"], headers)
    parameters = signed["Authorization"].removeprefix("OAuth ").split(", ")
    return "OAuth " + ", ".join(sorted(parameters))


print(json.dumps({"version": oauthlib.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps({"header": sign(json.loads(line))}), flush=True)
