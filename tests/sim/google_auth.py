"""google_auth.py - the errors of Google's services and its OAuth token endpoint.

Owns the users, the codes of their logins, their refresh tokens and the access tokens that were given out. Pure but for randomness: time comes in.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import parse_qs

import leases

FORM_CHARACTERS = re.compile(r"[A-Za-z0-9*._~+%&=-]*")  # what application/x-www-form-urlencoded leaves
STATUS_OF = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
             409: "ABORTED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
TEXT_OF = {
    401: "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
         "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
    403: "The caller does not have permission", 404: "Requested entity was not found.",
    409: "The operation was aborted.", 500: "Internal error encountered.",
    503: "The service is currently unavailable.", 504: "Deadline exceeded."}


class ApiError(Exception):
    """An answer other than 200, in gRPC's words."""

    def __init__(self, http, message=None, status=None, headers=None, bucket=None):
        self.http, self.headers, self.bucket = http, headers or {}, bucket
        self.message = message or TEXT_OF.get(http, "Error.")
        self.status = status or STATUS_OF[http]
        super().__init__(self.message)

    def body(self):
        error = {"code": self.http, "message": self.message, "status": self.status}
        if self.http == 429:
            error["errors"] = [{"message": self.message, "domain": "global", "reason": "rateLimitExceeded"}]
        return {"error": error}


class OAuthError(Exception):
    def __init__(self, http, error, description):
        self.http, self.error, self.description = http, error, description
        super().__init__(description)

    def body(self):
        return {"error": self.error, "error_description": self.description}


def failed_precondition(message):
    return ApiError(400, message, "FAILED_PRECONDITION")


CODE_LIFE = 600  # RFC 6749 4.1.2: at most ten minutes


@dataclass
class Code:
    """What a login was granted, until it is exchanged."""
    user: str
    redirect_uri: str
    scope: str
    offline: bool  # a refresh token is wanted
    consent: bool  # and the user was asked again, though there is one already
    ends: float  # monotonic
    used: bool = False


class OAuth:
    """Users, their refresh tokens and the access tokens that were given out."""

    def __init__(self, args):
        self.client_id, self.client_secret = args.client_id, args.client_secret
        self.life = args.token_life
        self.users = {self.refresh_token(i): f"user{i}" for i in range(1, args.users + 1)}
        self.access = {}  # token -> (user, expiry, monotonic)
        self.refused = set()  # refresh tokens that are invalid_grant
        self.scopes = {}  # refresh token -> what was granted, if it came by a login
        self.codes = {}  # code -> Code

    @staticmethod
    def refresh_token(i):
        """Google's look like 1//0...: the slashes show who does not form-encode."""
        return f"1//0lab{i}-" + hashlib.sha256(b"refresh%d" % i).hexdigest() + "/x"

    def refresh(self, content_type, body, now):
        form = self.parse(content_type, body)
        if not form.get("client_id"):
            raise OAuthError(400, "invalid_request", "Could not determine client ID from request.")
        if form["client_id"] != self.client_id:
            raise OAuthError(401, "invalid_client", "The OAuth client was not found.")
        if not hmac.compare_digest(form.get("client_secret", "").encode(), self.client_secret.encode()):
            raise OAuthError(401, "invalid_client", "Unauthorized")
        if form.get("grant_type") == "authorization_code":
            return self.exchange(form, now)
        if form.get("grant_type") != "refresh_token":
            raise OAuthError(400, "unsupported_grant_type", "Invalid grant_type: " + form.get("grant_type", ""))
        if not form.get("refresh_token"):
            raise OAuthError(400, "invalid_request", "Missing required parameter: refresh_token")
        user = self.users.get(form["refresh_token"])
        if user is None or form["refresh_token"] in self.refused:
            raise invalid_grant()
        return self.grant(user, now, self.scopes.get(form["refresh_token"]))

    def refuse(self, users, on):
        """The refresh tokens that these users have now stop working, or work again. A login brings another one."""
        tokens = {token for token, user in self.users.items() if user in users}
        self.refused = self.refused | tokens if on else self.refused - tokens

    # -- logins

    def new_code(self, granted):
        """A code as the redirect brings it."""
        text = "4/0A" + leases.opaque(70)
        self.codes[text] = granted
        return text

    def exchange(self, form, now):
        code = self.codes.get(form.get("code"))
        if not form.get("code"):
            raise OAuthError(400, "invalid_request", "Missing required parameter: code")
        if code is None:
            raise OAuthError(400, "invalid_grant", "Malformed auth code.")
        if form.get("redirect_uri") != code.redirect_uri:
            raise OAuthError(400, "redirect_uri_mismatch", "Bad Request")
        if code.used or code.ends <= now:
            raise OAuthError(400, "invalid_grant", "Bad Request")
        code.used = True
        answer = self.grant(code.user, now, code.scope)
        if code.offline and (code.consent or code.user not in self.users.values()):
            answer["refresh_token"] = self.new_refresh_token(code)
        return answer

    def new_refresh_token(self, code):
        token = "1//0lab" + leases.opaque(40) + "/x"
        self.users[token], self.scopes[token] = code.user, code.scope
        return token

    @staticmethod
    def parse(content_type, body):
        if content_type != "application/x-www-form-urlencoded":
            raise OAuthError(400, "invalid_request", "Could not determine client ID from request.")
        text = body.decode("latin-1")
        if not FORM_CHARACTERS.fullmatch(text):
            raise OAuthError(400, "invalid_request", "Bad Request")
        values = parse_qs(text, keep_blank_values=True)
        if any(len(v) > 1 for v in values.values()):
            raise OAuthError(400, "invalid_request", "Bad Request: a parameter is repeated")
        return {k: v[0] for k, v in values.items()}

    def grant(self, user, now, scope=None):
        self.access = {t: (u, end) for t, (u, end) in self.access.items() if end > now}
        token = "ya29.a0" + leases.opaque(200)
        self.access[token] = (user, now + self.life)
        return {"access_token": token, "expires_in": int(self.life), "token_type": "Bearer",
                "scope": scope or "https://www.googleapis.com/auth/sdm.service"}

    def revoke(self, users):
        """Their access tokens are invalid from now on."""
        self.access = {t: (u, end) for t, (u, end) in self.access.items() if u not in users}

    def user(self, header, now):
        """The user of an Authorization header, or 401."""
        if not header:
            raise ApiError(401, "Request is missing required authentication credential. Expected OAuth 2 access token, "
                                "login cookie or other valid authentication credential.")
        scheme, _, token = header.partition(" ")
        user, end = self.access.get(token, (None, 0))
        if scheme != "Bearer" or user is None or end <= now:
            raise ApiError(401)
        return user


def invalid_grant():
    return OAuthError(400, "invalid_grant", "Token has been expired or revoked.")
