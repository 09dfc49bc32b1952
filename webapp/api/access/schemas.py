"""Schemas of accounts, tokens, links and the audit trail."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from webapp.accounts.passwords import LONGEST
from webapp.accounts.principal import Principal
from webapp.api.schemas.base import DIGITS, INTEGRAL, Address, Answer, Query, Request, Timestamp
from webapp.enumerations import Role, ShareKind, TokenScope
from webapp.storage.access import accounts, credentials
from webapp.storage.audit import AuditEntry

_Secret = Annotated[str, Field(max_length=200)]
_Password = Annotated[str, Field(max_length=4 * LONGEST)]
_AccountName = Annotated[str, Field(max_length=200)]
_GroupName = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^\S(.*\S)?$")]
_Label = Annotated[str, Field(min_length=1, max_length=60)]
_Days = Annotated[int, Field(ge=1, le=366), INTEGRAL]


class SignIn(Request):
    """What one proves oneself with."""

    name: _AccountName
    password: _Password
    code: str = Field("", max_length=64, description="Of the authenticator, or a recovery code")


class UsedInvitation(Request):
    """A one-time link, and the password that it sets."""

    secret: _Secret = Field(description="What stands behind # in the link")
    name: _AccountName = Field("", description="Of the first administrator; others have theirs")
    password: _Password


class UsedShare(Request):
    """A share link."""

    secret: _Secret = Field(description="What stands behind # in the link")


class SignedIn(Answer):
    """A session was opened; its cookie comes with the answer."""

    url: Address = Field(description="Where to go on; empty: wherever one came from")


class Account(Answer):
    """One account."""

    id: str
    name: str
    role: Role
    groups: list[str]
    disabled: bool
    has_password: bool
    single_sign_on: bool
    second_factor: bool
    created_at: Timestamp
    signed_in_at: Timestamp | None

    @classmethod
    def of(cls, account: accounts.Account) -> Account:
        """Make the answer from an account of the store."""
        return cls.model_validate(account)


class OwnAccount(Answer):
    """Who asks."""

    account: Account
    rights: list[str]

    @classmethod
    def of(cls, account: accounts.Account, principal: Principal) -> OwnAccount:
        """Make the answer from the principal of a request."""
        return cls(account=Account.of(account), rights=sorted(principal.rights))


class AccountList(Answer):
    """Accounts, by name."""

    accounts: list[Account]


class NewAccount(Request):
    """An account to add."""

    name: _AccountName
    role: Role
    groups: list[_GroupName] = Field(default_factory=list, max_length=100)
    single_sign_on: bool = False


class ChangedAccount(Request):
    """What shall change of an account; what is left out stays."""

    role: Role | None = None
    disabled: bool | None = None
    groups: list[_GroupName] | None = Field(None, max_length=100)


class Invited(Answer):
    """An account, and the link by which its person sets a password."""

    account: Account
    link: str | None = Field(description="Holds for a day, once; null of single sign-on")


class GroupList(Answer):
    """Groups, by name."""

    groups: list[str]


class NewGroup(Request):
    """A group to add."""

    name: _GroupName


class ChangedPassword(Request):
    """The password as it is and as it shall be."""

    current: _Password
    new: _Password


class NewSecondFactor(Answer):
    """A secret to put into an authenticator; it counts once a code has proven it."""

    secret: str
    picture: str = Field(description="The same as a QR code, the address of an SVG")


class ConfirmedSecondFactor(Request):
    """A secret, and the code that the authenticator shows for it."""

    secret: Annotated[str, Field(pattern=r"^[A-Z2-7]{32}$")]
    code: str = Field(max_length=16)
    password: _Password = Field(description="The account's, once more")


class RemovedSecondFactor(Request):
    """What removes a second factor."""

    password: _Password
    code: str = Field(max_length=64)


class RecoveryCodes(Answer):
    """Codes for when the authenticator is lost, each for once."""

    recovery_codes: list[str]


class NewToken(Request):
    """An API token to make."""

    name: _Label
    scope: TokenScope
    days: _Days = 90


class Token(Answer):
    """One API token."""

    id: str
    name: str
    scope: TokenScope
    created_at: Timestamp
    expires_at: Timestamp


class MadeToken(Answer):
    """A token that was made."""

    token: Token
    secret: str = Field(description="To be sent as Authorization: Bearer …; it is not shown again")


class TokenList(Answer):
    """API tokens, newest first."""

    tokens: list[Token]


class BrowserSession(Answer):
    """A browser that is signed in."""

    id: str
    created_at: Timestamp
    seen_at: Timestamp
    expires_at: Timestamp
    address: str
    current: bool = Field(description="Whether it is the one that asks")

    @classmethod
    def of(cls, session: credentials.BrowserSession, key: str) -> BrowserSession:
        """Make the answer from a session of the store; ``key`` is that of the one that asks."""
        return cls(**vars(session), current=session.id == key)


class SessionList(Answer):
    """Browsers that are signed in, newest first."""

    sessions: list[BrowserSession]


class NewShare(Request):
    """A share link to make."""

    kind: ShareKind
    days: _Days = 7


class Share(Answer):
    """One share link."""

    id: str
    study_id: str
    kind: ShareKind
    made_by: str
    created_at: Timestamp
    expires_at: Timestamp


class MadeShare(Answer):
    """A link that was made."""

    share: Share
    link: str = Field(description="Whoever has it sees the study; it is not shown again")


class ShareList(Answer):
    """Share links of a study, newest first."""

    shares: list[Share]


class AuditLine(Answer):
    """One line of the audit trail."""

    number: int
    at: Timestamp
    who: str
    address: str
    action: str
    study_id: str
    detail: str

    @classmethod
    def of(cls, entry: AuditEntry) -> AuditLine:
        """Make the answer from an entry of the trail."""
        return cls(**{name: value for name, value in vars(entry).items() if name != "hash"})


class AuditPage(Answer):
    """The newest lines of the audit trail, newest first."""

    entries: list[AuditLine]


class AuditQuery(Query):
    """How much of the audit trail is wanted."""

    limit: Annotated[int, Field(ge=1, le=1000), DIGITS] = Field(100, description="How many at most")
