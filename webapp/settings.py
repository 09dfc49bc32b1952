"""Settings of the web application, each documented, each settable by ``SPINEVIEW_<NAME>``."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from segmentation.core.errors import BadConfiguration
from segmentation.tracking.address import parse_address
from webapp.dicomweb.config import PacsServer
from webapp.enumerations import Role

PREFIX = "SPINEVIEW_"
DATABASE_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
GIB = 1024**3
AeTitle = Annotated[str, Field(pattern=r"^[\x21-\x5b\x5d-\x7e][\x20-\x5b\x5d-\x7e]{0,15}$")]  # PS3.5 6.2, VR AE


class OidcProvider(BaseModel):
    """An identity provider that speaks OpenID Connect.

    Attributes:
        issuer: As it names itself; its description lies below, at ``/.well-known/openid-configuration``.
        name: What its button is called.
        name_claim: Which claim must equal the name of an account of single sign-on, the first time.
        role: Of accounts that are made for whoever the provider vouches for; None: only those that an administrator
            added may come.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(pattern=r"^https?://\S+$")
    client_id: str
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    name: str = "Single sign-on"
    name_claim: Literal["preferred_username", "email", "sub"] = "preferred_username"
    role: Role | None = None

    def secret(self) -> str:
        """Read the secret that the provider knows this server by."""
        if self.client_secret_file is not None:
            return self.client_secret_file.read_text(encoding="utf-8").strip()
        return self.client_secret.get_secret_value() if self.client_secret else ""


class Settings(BaseSettings):
    """Settings, validated once at the start and frozen."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    data_dir: Path = Field(
        default=Path.home() / ".local" / "share" / "spineview",
        description="Folder of the database and of the studies; created if it does not exist.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on; 0.0.0.0 serves the whole network.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    max_upload_bytes: int = Field(
        default=4 * GIB, gt=0, description="Largest upload accepted, CT and reference together, in bytes."
    )
    min_free_bytes: int = Field(
        default=1 * GIB, ge=0, description="Disk space that an upload must leave free in data_dir, in bytes."
    )
    readers: int = Field(
        default=2,
        gt=0,
        le=32,
        description="Uploads read at the same time at most; each may take 2 GiB of memory in a process of its own.",
    )
    retention_days: int | None = Field(
        default=None, gt=0, description="Days after which a study is removed; without it studies stay until deleted."
    )
    masks_per_study: int | None = Field(
        default=None,
        gt=0,
        description="Newest results kept of each study; older ones without a review are removed. Without it all stay.",
    )
    keep_identity: bool = Field(
        default=False,
        description="Keep DICOM files as they came, names and dates included, so that results fit into the PACS.",
    )
    accounts: bool = Field(
        default=False,
        description="Whether people must sign in. Once there are accounts in data_dir they must, whatever this says.",
    )
    open: bool = Field(
        default=False,
        description="Serve other machines without accounts: whoever reaches the address may do everything.",
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/?#]+(/[\w.~-]+)*/?)?$",
        description="Address under which people reach this server, such as https://spine.example, or below another "
        "site https://hospital.example/spineview; links that are sent to them begin with it.",
    )
    session_hours: float = Field(default=12.0, gt=0, le=720, description="Hours after which one must sign in again.")
    session_idle_minutes: float = Field(
        default=60.0, gt=0, description="Minutes without use after which one must sign in again."
    )
    require_second_factor: bool = Field(
        default=False,
        description="Whether everybody who signs in with a password must set up codes of an authenticator, too.",
    )
    oidc: OidcProvider | None = Field(
        default=None,
        description="Identity provider for single sign-on (JSON object: issuer, client_id, client_secret or "
        "client_secret_file, name, name_claim, role).",
    )
    dicom_group: str | None = Field(
        default=None,
        description="Group that DICOM received by C-STORE belongs to; without one only administrators see it.",
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Further names (JSON list) under which this server may be addressed, besides its IP addresses, "
        "this machine's own names and localhost.",
    )
    allowed_origins: tuple[str, ...] = Field(
        default=(),
        description="Further origins (JSON list) that may change things, such as that of a reverse proxy.",
    )
    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        default=(),
        description="Addresses or networks (JSON list) of reverse proxies whose X-Forwarded-For and "
        "X-Forwarded-Proto are believed; nobody else's are.",
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="Address of a PostgreSQL, such as postgresql://user:password@host/database, that holds the rows "
        "instead of the file in data_dir; see docs/scale.md.",
    )
    model: Path | None = Field(default=None, description="Weights file; without it the packaged model is used.")
    preload_model: bool = Field(
        default=True,
        description="Load the model and the viewer in the background at start, so that nobody waits for them.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="Where the model runs.")
    mode: Literal["patch", "whole"] = Field(
        default="patch", description="Overlapping patches, or the whole scan scaled to one input."
    )
    executor: Literal["local", "dask"] = Field(
        default="local",
        description="Who segments: this process, or the workers (spineview worker) of a Dask scheduler.",
    )
    dask_scheduler: str = Field(
        default="",
        pattern=r"^((tcp|tls)://[^\s/?#]+:\d+)?$",
        description="Address of the Dask scheduler, such as tls://10.0.0.5:8786; needed where the executor is dask.",
    )
    dask_ca_file: Path | None = Field(
        default=None, description="Certificates (PEM) that whoever speaks to a tls:// scheduler is judged by."
    )
    dask_cert_file: Path | None = Field(
        default=None, description="Certificate (PEM) that this process shows to a tls:// scheduler and to workers."
    )
    dask_key_file: Path | None = Field(default=None, description="Private key (PEM) of dask_cert_file.")
    viewer_sessions: int = Field(default=64, gt=0, description="Viewer sessions open at the same time at most.")
    viewer_sessions_per_user: int = Field(
        default=32, gt=0, description="Viewer sessions that one user (without accounts: one address) may hold."
    )
    viewer_grace_s: float = Field(
        default=60.0, ge=0, description="Seconds a viewer session waits for its browser to come back."
    )
    pacs: tuple[PacsServer, ...] = Field(
        default=(),
        description="Archives with DICOMweb (JSON list of objects: name, url, and username with password or "
        "password_file, or token or token_file; ca_file).",
    )
    dicom_port: int | None = Field(
        default=None, ge=0, le=65535, description="Port that receives DICOM (C-STORE); without one none is received."
    )
    dicom_aet: AeTitle = Field(default="SPINEVIEW", description="AE title under which DICOM is received.")
    dicom_allowed_aets: tuple[AeTitle, ...] = Field(
        default=(),
        validate_default=True,
        description="AE titles (JSON list) that may send DICOM here; nobody else may.",
    )
    tracker: str = Field(
        default="",
        description="Tracker for live views, a server of OpenIGTLink: host:port. Without it there are none. Research "
        "use only.",
    )
    tracker_tool: str = Field(default="", description="Tool that live views show; without it the first that is seen.")
    tracker_reference: str = Field(
        default="", description="Tool fixed to the patient that all poses are seen from; without it the tracker itself."
    )
    tracker_axes: Literal["tracker", "lps"] = Field(
        default="tracker", description="Coordinates of the tracker: its own, or LPS of the image."
    )
    tracker_query: Literal["", "TDATA", "QTDATA"] = Field(
        default="", description="Stream that the tracker must be asked for; without it, it sends by itself."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="How much the server writes to its log."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="One line of text a record, or one JSON object; both with request and job ids."
    )

    @property
    def rows_at(self) -> str:
        """The address of the database with its password; "" for the file in ``data_dir``."""
        return self.database_url.get_secret_value()

    @property
    def sub_path(self) -> str:
        """Path of ``public_url``, such as ``/spineview``; "" for a server that has a name of its own."""
        return urlsplit(self.public_url).path.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, url: SecretStr) -> SecretStr:
        scheme, _, rest = url.get_secret_value().partition("://")
        if url.get_secret_value() and (scheme not in DATABASE_SCHEMES or not rest):
            raise ValueError("it must look like postgresql://user:password@host/database")
        return url

    @field_validator("pacs")
    @classmethod
    def _names_differ(cls, servers: tuple[PacsServer, ...]) -> tuple[PacsServer, ...]:
        if len({server.name for server in servers}) < len(servers):
            raise ValueError("two archives have the same name")
        return servers

    @field_validator("tracker")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        if address:
            try:
                parse_address(address)
            except BadConfiguration as error:
                raise ValueError(error.message) from None
        return address

    @model_validator(mode="after")
    def _scheduler_can_be_reached(self) -> Self:
        if self.executor == "dask" and not self.dask_scheduler:
            raise ValueError("the executor dask needs the address of a scheduler: dask_scheduler")
        files = (self.dask_ca_file, self.dask_cert_file, self.dask_key_file)
        if self.dask_scheduler.startswith("tls://") and None in files:
            raise ValueError("a tls:// scheduler needs dask_ca_file, dask_cert_file and dask_key_file")
        return self

    @field_validator("dicom_allowed_aets")
    @classmethod
    def _somebody_may_send(cls, titles: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("dicom_port") is not None and not titles:
            raise ValueError("a port receives DICOM, but nobody may send there")
        return titles


def load_settings(**overrides: Any) -> Settings:
    """Read settings from the environment, with ``overrides`` (None is skipped) on top.

    Raises:
        BadConfiguration: an unknown ``SPINEVIEW_*`` variable, or an impossible value.
    """
    names = set(Settings.model_fields)
    for variable in os.environ:
        name = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX) and name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            if near:
                raise BadConfiguration("setting.unknown_near", variable=variable, near=f"{PREFIX}{near[0].upper()}")
            raise BadConfiguration("setting.unknown", variable=variable)
    try:
        return Settings(**{key: value for key, value in overrides.items() if value is not None})
    except SettingsError as error:
        # Neither the value nor a cause that quotes it is shown: it may hold a password.
        field = re.search(r'field "(\w+)"', str(error))
        variable = f"{PREFIX}{field[1].upper()}" if field else "A setting"
        raise BadConfiguration("setting.not_json", variable=variable) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "executor"  # of what concerns several: who works
        raise BadConfiguration("setting.invalid", where=where, detail=first["msg"]) from None
