"""google_consent.py - Google's partner connections page: where a user ticks devices and grants a project access.

Owns the page and what it checks before it sends the browser back with a code. The codes are google_auth.py's.
"""

import html
import re
import time
from urllib.parse import urlencode

from aiohttp import web

from google_auth import CODE_LIFE, Code

SDM_SCOPE = "https://www.googleapis.com/auth/sdm.service"
PUBSUB_SCOPE = "https://www.googleapis.com/auth/pubsub"
# An OAuth client of type "Desktop app" takes any port of loopback; the documentation's example is Google's own page.
LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?/?")
DEFAULT_REDIRECT = "https://www.google.com"
PAGE = """<!DOCTYPE html>
<html lang=en><meta charset=utf-8><title>Google Nest</title>
<h1>Choose what {client} may see</h1>
<form method=post>
{devices}
<select name=user>{users}</select>
<button name=decision value=allow>Allow</button> <button name=decision value=deny>Cancel</button>
</form></html>
"""
ERROR = "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8><title>Error {status}</title>\n<p><b>{code}</b>: {words}</html>\n"


class Refused(Exception):
    """The page shows an error; the browser stays there."""

    def __init__(self, code, words):
        self.code, self.words = code, words
        super().__init__(words)


class Consent:
    def __init__(self, google, args):
        self.google, self.oauth = google, google.oauth
        self.project_id, self.redirects = args.project_id, args.redirect_uri

    def registered(self, uri):
        if self.redirects:
            return uri in self.redirects
        return uri == DEFAULT_REDIRECT or LOOPBACK.fullmatch(uri) is not None

    def check(self, project, query):
        """The errors of docs/sources.md, Google: login, in the order in which a wrong request meets them."""
        if project != self.project_id:
            raise Refused("Something went wrong", "Please contact the developer of this app if the issue persists.")
        if query.get("client_id") != self.oauth.client_id:
            raise Refused("Can't link to PARTNER", "The client is not the one of the project.")
        if not self.registered(query.get("redirect_uri", "")):
            raise Refused("redirect_uri_mismatch", "The redirect URI in the request does not match the ones authorized "
                                                   "for the OAuth client.")
        if query.get("response_type") != "code":
            raise Refused("invalid_request", "Required parameter is missing: response_type")
        scopes = query.get("scope", "").split()
        if not scopes:
            raise Refused("invalid_request", "Missing required parameter: scope")
        if set(scopes) - {SDM_SCOPE, PUBSUB_SCOPE}:
            raise Refused("invalid_scope", "Some requested scopes cannot be shown")

    async def get(self, http):
        try:
            self.check(http.match_info["project"], http.query)
        except Refused as e:
            return self.error(e)
        devices = "\n".join(f'<label><input type=checkbox name=device value="{html.escape(d.name)}">'
                            f"{html.escape(d.label() or d.room)}</label>" for d in self.google.devices.values())
        users = "".join(f"<option>{user}" for user in sorted(set(self.oauth.users.values())))
        text = PAGE.format(client=html.escape(self.oauth.client_id), devices=devices, users=users)
        return web.Response(text=text, content_type="text/html")

    async def post(self, http):
        """Allow or Cancel was pressed: the browser is sent back."""
        try:
            self.check(http.match_info["project"], http.query)
        except Refused as e:
            return self.error(e)
        form = await http.post()
        uri, back = http.query["redirect_uri"], {}
        if "state" in http.query:
            back["state"] = http.query["state"]
        if form.get("decision") != "allow":
            back["error"] = "access_denied"
        else:
            back["code"] = self.allow(form, http.query)
            back["scope"] = http.query["scope"]
        raise web.HTTPFound(uri + ("&" if "?" in uri else "?") + urlencode(back))

    def allow(self, form, query):
        names, user = form.getall("device", []), form.get("user", "user1")
        self.google.granted[user] = {d.id for d in self.google.devices.values() if d.name in names}
        offline = query.get("access_type") == "offline"
        return self.oauth.new_code(Code(user, query["redirect_uri"], query["scope"], offline,
                                        query.get("prompt") == "consent", time.monotonic() + CODE_LIFE))

    @staticmethod
    def error(e):
        return web.Response(text=ERROR.format(status=400, code=html.escape(e.code), words=html.escape(e.words)), status=400,
                            content_type="text/html")

    def routes(self):
        path = "/partnerconnections/{project}/auth"
        return [web.get(path, self.get), web.post(path, self.post)]
