"""Principal of a request or socket: who asks, and what they may see and do."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from webapp.accounts.rights import NOTHING, OF_ROLE, OF_SCOPE, OF_SHARE, ONE_PERSON, Right, Rights
from webapp.http.errors import WebError, not_found
from webapp.storage.access.accounts import Account
from webapp.storage.access.credentials import Proven, Share
from webapp.storage.access.places import Place
from webapp.storage.listed import Visible


@dataclass(frozen=True)
class Principal:
    """Who asks.

    Attributes:
        kind: ``"one person"`` on a server without accounts; ``"nobody"`` before signing in.
        name: For the audit trail and for what a person writes; "" of one person, who is known by the address.
        rights: What it may do, to what it sees.
        visible: Which studies it sees.
        owner: Of imports and transfers that it begins; nobody else sees them.
        key: Of the session or token: a page's socket and its cached files belong to it.
        account: None of all but accounts.
        share: None of all but share links.
        must_enrol: Whether it may do nothing before it has set up a second factor.
    """

    kind: Literal["one person", "account", "token", "share", "nobody"]
    name: str
    rights: Rights
    visible: Visible
    owner: str
    key: str
    account: Account | None = None
    share: Share | None = None
    must_enrol: bool = False

    def may(self, right: Right) -> bool:
        """Tell whether it has a right."""
        return right in self.rights

    def require(self, right: Right) -> None:
        """Raise WebError, 403, without a right."""
        if not self.may(right):
            raise WebError(403, "forbidden", "access.forbidden")

    def sees(self, place: Place | None) -> bool:
        """Tell whether it may know that what lies there exists."""
        return place is not None and self.visible.holds(place.study_id, place.group)

    def group_for_new(self, wanted: str | None) -> str | None:
        """Choose the group of a study that it adds: the one it names, else its only one.

        Raises:
            WebError: 404, it is in no such group; 400, it is in several and named none.
        """
        if self.kind == "one person":
            return None
        mine = self.account.groups if self.account else ()
        if wanted:
            if wanted not in mine and self.visible.groups is not None:
                raise not_found("group")
            return wanted
        if len(mine) > 1:
            raise WebError(400, "bad_request", "access.which_group")
        if not mine and self.visible.groups is not None:
            raise WebError(403, "forbidden", "access.no_group")
        return mine[0] if mine else None


NOBODY = Principal("nobody", "", NOTHING, Visible(groups=frozenset()), "", "")
ONE = Principal("one person", "", ONE_PERSON, Visible(), "one person", "")
_ENROLLING: Rights = frozenset({"public", "own"})

CURRENT: ContextVar[Principal] = ContextVar("principal", default=NOBODY)
"""Of the request or socket at hand; the gate sets it, Flask's threads inherit it."""


def principal_of(proven: Proven, second_factor_required: bool) -> Principal:
    """Make the principal that a session or token stands for."""
    account, share = proven.account, proven.share
    if share is not None:
        name = f"link {share.id} of {share.made_by}"
        seen = Visible(study_id=share.study_id)
        return Principal("share", name, OF_SHARE[share.kind], seen, f"share {share.id}", proven.id, share=share)
    if account is None:
        return NOBODY
    rights = OF_ROLE[account.role]
    seen = Visible(groups=None if account.role == "administrator" else frozenset(account.groups))
    must_enrol = second_factor_required and not (account.second_factor or account.single_sign_on)
    if proven.scope is not None:
        rights = NOTHING if must_enrol else rights & OF_SCOPE[proven.scope] | NOTHING
        return Principal("token", account.name, rights, seen, account.id, proven.id, account)
    if must_enrol:
        rights = _ENROLLING
    return Principal("account", account.name, rights, seen, account.id, proven.id, account, must_enrol=must_enrol)
