"""Access: whether this server asks who one is, who asks, and who owns what is not in the database."""

from __future__ import annotations

import threading
from collections import OrderedDict

from starlette.requests import HTTPConnection

from webapp.accounts.cookies import secret_of
from webapp.accounts.principal import NOBODY, ONE, Principal, principal_of
from webapp.accounts.sign_in import SignIn
from webapp.settings import Settings
from webapp.storage.access.credentials import TOKEN_PREFIX
from webapp.storage.store import Store

_MARK = "accounts.required"
_MOST_OWNED = 10_000


class Access:
    """One of a process.

    Attributes:
        required: Whether one must sign in: by the setting, or because accounts were made in this data folder once. A
            lost database therefore does not open a server to everybody.
        sign_in: Opens sessions.
        owners: Of imports and transfers.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self.required = is_required(store, settings)
        self.sign_in = SignIn(store, settings)
        self.owners = Owners()

    @property
    def is_open(self) -> bool:
        """Whether everybody who reaches the address may do everything, and other machines may reach it."""
        return self._settings.open and not self.required

    def identify(self, connection: HTTPConnection, uses: bool = True) -> Principal:
        """Find out who sends a request or opens a socket. Blocks on the database.

        Args:
            connection: A token in its ``Authorization`` counts before a cookie.
            uses: Whether this counts as use of the session, which ends when it is not used.
        """
        if not self.required:
            return ONE
        settings, credentials = self._settings, self._store.credentials
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme:
            if scheme.lower() != "bearer" or not token.startswith(TOKEN_PREFIX):
                return NOBODY
            proven = credentials.of_token(token.strip())
        else:
            secret = secret_of(connection)
            proven = credentials.of_session(secret, settings.session_idle_minutes * 60, uses) if secret else None
        return NOBODY if proven is None else principal_of(proven, settings.require_second_factor)

    def sees(self, principal: Principal, kind: str, object_id: str) -> bool:
        """Tell whether somebody may know that an object exists. Blocks on the database."""
        if principal.kind == "one person":
            return True  # its routes say themselves what is not there
        if kind in ("import", "transfer"):
            return self.owners.of(kind, object_id) == principal.owner
        if kind == "batch":
            return self._store.batches.owner(object_id) == principal.owner
        return principal.sees(self._store.places.of(kind, object_id))


class Owners:
    """Owners of what lives no longer than the process: imports and transfers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: OrderedDict[tuple[str, str], str] = OrderedDict()

    def claim(self, kind: str, object_id: str, owner: str) -> None:
        """Write down who made an object."""
        with self._lock:
            self._owners.setdefault((kind, object_id), owner)
            while len(self._owners) > _MOST_OWNED:
                self._owners.popitem(last=False)

    def of(self, kind: str, object_id: str) -> str | None:
        """Find the owner of an object; None if nobody made it."""
        with self._lock:
            return self._owners.get((kind, object_id))


def is_required(store: Store, settings: Settings) -> bool:
    """Tell whether one must sign in, and remember it in the data folder."""
    mark = store.data_dir / _MARK
    if not (settings.accounts or mark.exists() or store.accounts.any()):
        return False
    mark.touch()
    return True
