"""Who may read what at MongoDB: API keys by Digest, service accounts by Bearer tokens, each its own
organisation.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sandbox.answers import Refusal, answer, credential
from sandbox.digest import Algorithm, Digest
from sandbox.model import Account
from sandbox.tokens import TOKEN_LIFETIME, Denied, Tokens
from sandbox.vendor import Books

REALM = "MMS Public API"


class Access:
    def __init__(self, books: Books) -> None:
        self._accounts = books.accounts("mongodb")
        keys = {}
        for each in self._accounts:
            if "public_key" in each.settings:
                keys[each.settings["public_key"]] = each.settings["private_key"]
            # A key that exists (its password is its name) but lacks the role that reads invoices.
            keys[each.unprivileged["public_key"]] = each.unprivileged["private_key"]
        clients = {
            each.settings["client_id"]: each.settings["client_secret"]
            for each in self._accounts
            if "client_id" in each.settings
        }
        self._digest = Digest(REALM, keys, lambda: books.now)
        self._tokens = Tokens(clients, lambda: books.now)

    async def token(self, request: Request) -> Response:
        """POST /api/oauth/token, the client's id and secret by HTTP Basic or in the form."""
        try:
            token = self._tokens.issue(
                credential(request, "Basic"),
                request.headers.get("content-type", ""),
                await request.body(),
            )
        except Denied as denied:
            headers = {"WWW-Authenticate": f'Basic realm="{REALM}"'} if denied.status == 401 else {}
            return answer({"error": denied.error}, denied.status, headers=headers)
        document = {"access_token": token, "expires_in": TOKEN_LIFETIME, "token_type": "Bearer"}
        return answer(document, headers={"Cache-Control": "no-store"})

    def account(self, request: Request, *, service_accounts: bool) -> Account:
        """The organisation in the path, if the caller may read its invoices."""
        organisation = request.path_params["orgId"]
        asked = next((each for each in self._accounts if each.identity == organisation), None)
        user = self._user(request, asked, service_accounts)
        if asked is None:
            raise Refusal(404, f"Cannot find resource {organisation}.", "RESOURCE_NOT_FOUND")
        if user == asked.unprivileged["public_key"]:
            raise Refusal(403, "The required role is missing.", "USER_UNAUTHORIZED")
        if user not in (asked.settings.get("public_key"), asked.settings.get("client_id")):
            raise Refusal(403, "The organization is not yours.", "USER_CANNOT_ACCESS_ORG")
        return asked

    def _user(self, request: Request, asked: Account | None, service_accounts: bool) -> str:
        token = credential(request, "Bearer")
        if service_accounts and token is not None:
            client = self._tokens.client(token)
            if client is None:
                raise Refusal(401, "The access token is invalid or expired.", "INVALID_TOKEN")
            return client
        value = credential(request, "Digest")
        user = None
        if value is not None:
            user = self._digest.verify(request.method, _target(request), value)
        if user is None or user == "stale":
            algorithm: Algorithm = "MD5"
            if asked is not None and asked.profile == "digest-v1":
                algorithm = "SHA-256"
            challenge = self._digest.challenge(algorithm, stale=user == "stale")
            headers = {"WWW-Authenticate": challenge}
            raise Refusal(401, "You are not authorized for this resource.", "", headers)
        return user


def _target(request: Request) -> str:
    """Path and query exactly as they stood in the request line, which is what the client signed."""
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")
