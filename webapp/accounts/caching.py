"""Keep answers to one session: no shared cache holds them, and a browser asks again before it shows what it kept.

The tag of an answer carries a mark of the session. Another session on the same machine, or nobody, sends a tag that is
not its own, which counts as none: what the first one fetched is never confirmed to the second.
"""

from __future__ import annotations

import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

from webapp.accounts.principal import Principal

_TAG = re.compile(r'((?:W/)?)"([^"]*)"')


def keyed_request(scope: Scope, principal: Principal) -> Scope:
    """Take the session's mark off the tags that a request knows; drop those without it."""
    if not any(name == b"if-none-match" for name, _ in scope["headers"]):
        return scope
    mark = _mark(principal)
    headers = []
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            known = [
                f'{weak}"{tag.removesuffix(mark)}"'
                for weak, tag in _TAG.findall(value.decode("latin-1"))
                if tag.endswith(mark)
            ]
            if not known:
                continue
            value = ", ".join(known).encode("latin-1")
        headers.append((name, value))
    return {**scope, "headers": headers}


def keyed_response(send: Send, principal: Principal) -> Send:
    """Put the session's mark on the tag of an answer, and keep the answer out of caches."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            tag = _TAG.fullmatch(headers.get("etag", ""))
            if tag:
                headers["ETag"] = f'{tag[1]}"{tag[2]}{_mark(principal)}"'
            headers["Cache-Control"] = "private, no-cache" if tag else "private, no-store"
            headers.add_vary_header("Cookie")
        await send(message)

    return sending


def _mark(principal: Principal) -> str:
    return f"~{hashlib.sha256(principal.key.encode()).hexdigest()[:10]}"
