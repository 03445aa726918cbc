"""Who may read what at OVHcloud: applications by signatures over the server's time, and service
accounts by Bearer tokens.
"""

from __future__ import annotations

import hashlib
import secrets

from starlette.requests import Request
from starlette.responses import Response

from sandbox.answers import Refusal, answer, credential
from sandbox.model import Account
from sandbox.tokens import TOKEN_LIFETIME, Denied, Tokens
from sandbox.vendor import Books

# How far from its own time a server takes a signature, in seconds.
TOLERANCE = 300


class Access:
    def __init__(self, books: Books) -> None:
        self._books = books
        self._accounts = books.accounts("ovhcloud")
        clients = {
            each.settings["client_id"]: each.settings["client_secret"]
            for each in self._accounts
            if "client_id" in each.settings
        }
        self._tokens = Tokens(clients, lambda: books.now)

    async def time(self, request: Request) -> Response:
        """GET /auth/time: what everybody may know."""
        return answer(self._seconds)

    async def token(self, request: Request) -> Response:
        """POST /auth/oauth2/token, the client's id and secret by HTTP Basic or in the form."""
        body = await request.body()
        try:
            if b"scope=all" not in body.split(b"&"):
                raise Denied(400, "invalid_scope")
            token = self._tokens.issue(
                credential(request, "Basic"), request.headers.get("content-type", ""), body
            )
        except Denied as denied:
            return answer({"error": denied.error}, denied.status)
        document = {"access_token": token, "expires_in": TOKEN_LIFETIME, "token_type": "Bearer"}
        return answer(document | {"scope": "all"}, headers={"Cache-Control": "no-store"})

    def account(self, request: Request) -> Account:
        """Whose bills are asked for."""
        token = credential(request, "Bearer")
        if token is not None:
            client = self._tokens.client(token)
            owners = [each for each in self._accounts if each.settings.get("client_id") == client]
            if client is None or not owners:
                raise Refusal(401, "Invalid or expired token", "INVALID_TOKEN")
            return owners[0]
        consumer = request.headers.get("x-ovh-consumer", "")
        for each in self._accounts:
            for keys in (each.settings, each.unprivileged):
                if consumer and keys.get("consumer_key") == consumer:
                    self._verify(request, keys["application_key"], keys["application_secret"])
                    if keys is each.unprivileged:
                        raise Refusal(403, "This call has not been granted", "NOT_GRANTED_CALL")
                    return each
        raise Refusal(401, "This credential does not exist", "NOT_CREDENTIAL")

    def _verify(self, request: Request, key: str, secret: str) -> None:
        if request.headers.get("x-ovh-application") != key:
            raise Refusal(401, "This application key is invalid", "INVALID_KEY")
        stated = request.headers.get("x-ovh-timestamp", "")
        if not stated.isdecimal() or abs(int(stated) - self._seconds) > TOLERANCE:
            raise Refusal(400, "Invalid signature: the timestamp is too old", "QUERY_TIME_OUT")
        consumer = request.headers["x-ovh-consumer"]
        said = (secret, consumer, request.method, _address(request), "", stated)
        digest = hashlib.sha1("+".join(said).encode(), usedforsecurity=False).hexdigest()
        signature = request.headers.get("x-ovh-signature", "")
        if not secrets.compare_digest(signature.encode(), f"$1${digest}".encode()):
            raise Refusal(401, "Invalid signature", "INVALID_SIGNATURE")

    @property
    def _seconds(self) -> int:
        return int(self._books.now.timestamp())


def _address(request: Request) -> str:
    """The whole address exactly as it was asked for, which is what the client signed."""
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    target = (path + b"?" + query if query else path).decode("latin-1")
    return f"{request.url.scheme}://{request.headers['host']}{target}"
