"""Routes of single sign-on by OpenID Connect: to the identity provider, and back from it.

Authlib speaks the protocol (authorization code with PKCE, state, nonce, checks of the ID token). What it must
remember between the two is kept here, for the browser that began alone: another's answer is not taken.
"""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from webapp.api.access.session import with_session
from webapp.context import RequestContext
from webapp.http.errors import WebError, from_status
from webapp.http.sub_path import outward
from webapp.pages.render import refusal
from webapp.pages.routes import is_local
from webapp.services import Services
from webapp.settings import OidcProvider

log = logging.getLogger(__name__)
_COOKIE = "spineview-provider"
_PATH = "/signin/oidc"
_WITHIN_S = 600
_MOST = 1000


@dataclass
class _Pending:
    """A browser on its way to the provider."""

    going_on: str
    begun_at: float = field(default_factory=time.monotonic)
    session: dict[str, Any] = field(default_factory=dict)


class SingleSignOn:
    """The two routes, and who is on the way between them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._pending: dict[str, _Pending] = {}
        self._made: Any = None

    def routes(self) -> list[BaseRoute]:
        """List the routes."""
        return [Route(_PATH, self._begin), Route(f"{_PATH}/callback", self._end)]

    async def _begin(self, request: Request) -> Response:
        """Send a browser to the provider."""
        provider = self._provider()
        if provider is None:
            return refusal(request, from_status(404))
        wanted = request.query_params.get("next", "/")
        pending, secret = _Pending(wanted if is_local(wanted) else "/"), secrets.token_urlsafe(32)
        request.scope["session"] = pending.session
        try:
            response: Response = await self._client(provider).authorize_redirect(request, self._back(request))
        except Exception as fault:  # noqa: BLE001 - whatever the network and the provider's description bring
            log.error("the identity provider cannot be asked: %s", type(fault).__name__)
            return refusal(request, WebError(502, "provider", "sign_in.provider"))
        self._forget()
        self._pending[secret] = pending
        secure = request.url.scheme == "https"
        response.set_cookie(
            _COOKIE, secret, _WITHIN_S, path=outward(_PATH), secure=secure, httponly=True, samesite="lax"
        )
        return response

    async def _end(self, request: Request) -> Response:
        """Take a browser back from the provider, and sign in whom that vouches for."""
        provider, pending = self._provider(), self._pending.pop(request.cookies.get(_COOKIE, ""), None)
        if provider is None or pending is None or time.monotonic() - pending.begun_at > _WITHIN_S:
            return refusal(request, WebError(401, "provider", "sign_in.provider"))
        request.scope["session"] = pending.session
        address = RequestContext.of(request).who.address
        try:
            token = await self._client(provider).authorize_access_token(request)
            claims = dict(token["userinfo"])
            opened = await to_thread.run_sync(self._services.access.sign_in.by_provider, provider, claims, address)
        except WebError as error:
            return refusal(request, error)
        except Exception as fault:  # noqa: BLE001 - every fault of protocol, signature or network is a refusal
            log.warning("an answer of the identity provider was refused: %s", type(fault).__name__)
            return refusal(request, WebError(401, "provider", "sign_in.provider"))
        response = await with_session(request, RedirectResponse(pending.going_on, 303), opened.secret)
        response.delete_cookie(_COOKIE, path=outward(_PATH))
        return response

    def _provider(self) -> OidcProvider | None:
        return self._services.settings.oidc if self._services.access.required else None

    def _client(self, provider: OidcProvider) -> Any:
        if self._made is None:
            from authlib.integrations.starlette_client import OAuth  # type: ignore[import-untyped]

            self._made = OAuth().register(
                "provider",
                client_id=provider.client_id,
                client_secret=provider.secret(),
                server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
                client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
            )
        return self._made

    def _back(self, request: Request) -> str:
        base = self._services.settings.public_url or str(request.base_url)
        return f"{base.rstrip('/')}{_PATH}/callback"

    def _forget(self) -> None:
        """Forget who did not come back, and the oldest if too many are on the way."""
        oldest = time.monotonic() - _WITHIN_S
        self._pending = {key: each for key, each in self._pending.items() if each.begun_at > oldest}
        while len(self._pending) >= _MOST:
            del self._pending[next(iter(self._pending))]
