"""Configuration of the archives, by name, and of the credentials that this server shows them."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

if TYPE_CHECKING:
    import httpx


class PacsServer(BaseModel):
    """One archive with DICOMweb. Secrets are of a type that never prints; pages get the name alone.

    Attributes:
        name: What doctors choose it by.
        url: Root of its DICOMweb services, for instance ``https://pacs.example/dicom-web``.
        username, password: For HTTP basic authentication.
        token: A bearer token, instead of the two.
        password_file, token_file: Files that hold them, such as container secrets; read at each request.
        ca_file: Certificates to trust instead of the system's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=60, pattern=r"^[\w .()-]+$")
    url: str = Field(pattern=r"^https?://[^\s@?#]+$")
    username: str = ""
    password: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")
    password_file: Path | None = None
    token_file: Path | None = None
    ca_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return url.rstrip("/")

    @model_validator(mode="after")
    def _one_way_in(self) -> PacsServer:
        by_password = bool(self.username or self.password.get_secret_value() or self.password_file)
        if by_password and (self.token.get_secret_value() or self.token_file):
            raise ValueError("give a user name and password or a token, not both")
        return self

    def headers(self) -> dict[str, str]:
        """Make the Authorization header of a token, if there is one."""
        token = _secret(self.token, self.token_file)
        return {"Authorization": f"Bearer {token}"} if token else {}

    def auth(self) -> httpx.BasicAuth | None:
        """User name and password, if there are any."""
        if not self.username:
            return None
        import httpx

        return httpx.BasicAuth(self.username, _secret(self.password, self.password_file))

    def verify(self) -> ssl.SSLContext:
        """Make the context that TLS certificates are checked against."""
        context = ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
        # Authorities of hospitals are older than this rule of Python 3.13 about how a certificate must be written.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context


def _secret(value: SecretStr, file: Path | None) -> str:
    return value.get_secret_value() if file is None else file.read_text(encoding="utf-8").strip()
