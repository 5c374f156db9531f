#!/bin/sh
# Signs in, stays signed in, blocks and unblocks with curl.
#
# Reads one line of JSON from stdin: how to reach the sandbox, and an account to block.
set -eu

read -r reach
jar=$(mktemp -d)
trap 'rm -rf "$jar"' EXIT

# The text under a key of an object in one line.
text() { printf '%s' "$1" | sed -n "s/.*\"$2\":\"\([^\"]*\)\".*/\1/p"; }
fail() { printf 'curl: %s\n' "$*" >&2; exit 1; }
expect() { [ "$1" = "$2" ] || fail "$3: $1"; }
# The status of an answer, with its body in a file.
call() { curl --silent --show-error --output "$jar/body" --write-out '%{http_code}' "$@"; }
body() { cat "$jar/body"; }

url=$(text "$reach" url)
user=$(text "$reach" user_id)
target=$(text "$reach" target)
client=$(text "$reach" client_id):$(text "$reach" client_secret)
redirect_uri=$(text "$reach" redirect_uri)
verifier=a-verifier-of-at-least-forty-three-characters-0

# Sign in: ask, approve at the page, trade the code.
expect "$(call --get "$url/i/oauth2/authorize" \
    --data-urlencode response_type=code \
    --data-urlencode "client_id=$(text "$reach" client_id)" \
    --data-urlencode "redirect_uri=$redirect_uri" \
    --data-urlencode "scope=block.read block.write users.read tweet.read offline.access" \
    --data-urlencode state=a-state \
    --data-urlencode "code_challenge=$verifier" \
    --data-urlencode code_challenge_method=plain)" 200 "the consent page"
ticket=$(sed -n 's/.*name="ticket" value="\([^"]*\)".*/\1/p' "$jar/body")
username=$(sed -n 's/.*name="username" value="\([^"]*\)".*/\1/p' "$jar/body")
location=$(curl --silent --output /dev/null --write-out '%{redirect_url}' \
    --data-urlencode "ticket=$ticket" --data-urlencode "username=$username" \
    --data approve=yes "$url/i/oauth2/authorize")
case $location in *state=a-state*) ;; *) fail "the state is not given back: $location" ;; esac
code=$(printf '%s' "$location" | sed 's/.*[?&]code=\([^&]*\).*/\1/')
expect "$(call --user "$client" "$url/2/oauth2/token" --data grant_type=authorization_code \
    --data "code=$code" --data-urlencode "redirect_uri=$redirect_uri" \
    --data "code_verifier=$verifier")" 200 "the exchange of a code"
refresh_token=$(text "$(body)" refresh_token)

# Stay signed in: a refresh token works once.
refresh() {
    call --user "$client" "$url/2/oauth2/token" --data grant_type=refresh_token \
        --data-urlencode "refresh_token=$1"
}
expect "$(refresh "$refresh_token")" 200 "a refresh"
token=$(text "$(body)" access_token)
next=$(text "$(body)" refresh_token)

# Block and unblock.
set -- --header "authorization: Bearer $token"
expect "$(call "$@" --json "{\"target_user_id\":\"$target\"}" "$url/2/users/$user/blocking")" \
    200 "a block"
expect "$(body)" '{"data":{"blocking":true}}' "the answer to a block"
expect "$(call "$@" "$url/2/users/$user/blocking?max_results=1")" 200 "a page"
expect "$(text "$(body)" id)" "$target" "the newest block"
expect "$(call "$@" --request DELETE "$url/2/users/$user/blocking/$target")" 200 "an unblock"
expect "$(body)" '{"data":{"blocking":false}}' "the answer to an unblock"
expect "$(call "$@" --data "{\"target_user_id\":\"$target\"}" "$url/2/users/$user/blocking")" \
    400 "a block as a form"

# Sign out: whoever spends a token twice loses the sign-in, and so does whoever revokes it.
expect "$(call --user "$client" "$url/2/oauth2/revoke" --data-urlencode "token=$next")" 200 "revoking"
expect "$(call "$@" "$url/2/users/me")" 401 "a call after revoking"
expect "$(refresh "$next")" 400 "a refresh after revoking"
curl --version | sed -n '1s/^curl \([^ ]*\).*/curl \1: signed in, refreshed, blocked, unblocked, revoked/p'
