"""Table of rights: every address and method that is served, and the right that it needs.

What is not here is refused. A parameter in braces says what the address names: of an object that belongs to a study
(``webapp.storage.access.places``), or that somebody owns, the gate first asks whether whoever comes may see it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from webapp.accounts.rights import Right
from webapp.storage.access.places import STUDY_OBJECTS

OWNED = frozenset({"import", "transfer", "batch"})
"""Kinds of objects that are seen by whoever made them, alone."""
_API = "/api/v1"
_ID = re.compile(r"{(\w+)_id}")
_ANY = {"{path}": ".*", "{name}": "[^/]+", "{uid}": "[^/]+", "{lang}": "[^/]+", "{kind}": "[^/]+", "{label}": "[^/]+",
        "{number}": "[^/]+", "{token}": "[^/]+", "{reference}": "[^/.]+", "{person}": "[^/]+"}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """One line of the table. ``method`` is one of HTTP (GET stands for HEAD, too, and
    OPTIONS needs no line of its own), or ``SOCKET``.
    """

    method: str
    path: str
    right: Right

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Match the addresses of this line; ids of objects are captured by their kinds."""
        parts = re.split(r"({\w+})", self.path)
        return re.compile("".join(_expression(part) for part in parts))

    def covers(self, method: str) -> bool:
        """Tell whether a request's method is this line's."""
        if method == "OPTIONS":
            return self.method != "SOCKET"
        return self.method == ("GET" if method == "HEAD" else method)


@dataclass(frozen=True)
class Found:
    """The line for a request, and the objects that its address names, as pairs of kind and id."""

    rule: Rule
    objects: tuple[tuple[str, str], ...]


def _expression(part: str) -> str:
    named = _ID.fullmatch(part)
    if named and named[1] in STUDY_OBJECTS | OWNED:
        return f"(?P<{named[1]}>[^/.]+)"
    return _ANY[part] if part.startswith("{") else re.escape(part)


def _rules(text: str) -> tuple[Rule, ...]:
    lines = [line.split() for line in text.strip().splitlines()]
    return tuple(Rule(method, path.replace("API", _API, 1), right) for right, method, path in lines)  # type: ignore[arg-type]


RULES = _rules("""
    public      GET     /static/{path}
    public      GET     /viewer/client/{path}
    public      GET     /language/{lang}
    public      GET     API/health
    public      GET     /health/live
    public      GET     /health/ready
    public      GET     API/openapi.json
    public      GET     /signin
    public      GET     /signin/oidc
    public      GET     /signin/oidc/callback
    public      GET     /welcome
    public      GET     /share
    public      POST    API/session
    public      DELETE  API/session
    public      POST    API/invitation
    public      POST    API/share-session
    look        GET     /
    look        GET     /studies/{study_id}
    look        SOCKET  /studies/{study_id}/ws/{token}
    look        GET     /studies/{study_id}/remote/{token}/{path}
    look        SOCKET  /studies/{study_id}/remote/{token}/ws
    look        GET     API/studies
    look        GET     API/studies/{study_id}
    look        GET     API/studies/{study_id}/display.json
    look        GET     API/studies/{study_id}/volume.bin
    look        GET     API/studies/{study_id}/preview.bin
    look        GET     API/studies/{study_id}/thumbnail.png
    look        GET     API/studies/{study_id}/jobs
    look        GET     API/studies/{study_id}/masks
    look        GET     API/studies/{study_id}/measurements
    look        GET     API/studies/{study_id}/reviews
    look        GET     API/studies/{study_id}/qr.svg
    look        GET     API/studies/{study_id}/plans
    look        GET     API/studies/{study_id}/registrations
    look        GET     API/studies/{study_id}/checks
    look        GET     API/studies/{study_id}/tracker
    look        SOCKET  /studies/{study_id}/live
    look        GET     API/jobs/{job_id}
    look        GET     API/masks/{mask_id}
    look        GET     API/masks/{mask_id}/vertebrae
    look        GET     API/masks/{mask_id}/measures
    look        GET     API/masks/{mask_id}/volume.bin
    look        GET     API/masks/{mask_id}/meshes/{label}.bin
    look        GET     API/masks/{mask_id}/meshes/{label}.stl
    look        GET     API/masks/{mask_id}/distances/{reference}.bin
    download    GET     API/masks/{mask_id}/surface.{kind}
    download    GET     API/masks/{mask_id}/labels.txt
    download    GET     API/masks/{mask_id}.seg.nrrd
    download    GET     API/masks/{mask_id}.nii.gz
    download    GET     API/masks/{mask_id}/{kind}.dcm
    download    GET     API/masks/{mask_id}/measures.csv
    download    GET     API/masks/{mask_id}/measures.json
    download    GET     API/masks/{mask_id}/report.pdf
    download    GET     API/masks/{mask_id}/structured-report.zip
    download    GET     API/studies/{study_id}/measurements.csv
    download    GET     API/studies/{study_id}/plans/{number}.{kind}
    annotate    POST    API/studies/{study_id}/measurements
    annotate    POST    API/studies/{study_id}/plans
    annotate    POST    API/studies/{study_id}/screw-checks
    annotate    POST    API/studies/{study_id}/registrations
    annotate    POST    API/studies/{study_id}/checks
    annotate    POST    API/masks/{mask_id}/levels
    look        GET     API/masks/{mask_id}/versions
    annotate    POST    API/masks/{mask_id}/restore
    annotate    GET     API/masks/{mask_id}/drafts
    annotate    GET     API/masks/{mask_id}/drafts/{name}
    annotate    PATCH   API/masks/{mask_id}/drafts/{name}
    annotate    DELETE  API/masks/{mask_id}/drafts/{name}
    annotate    POST    API/masks/{mask_id}/drafts/{name}/version
    annotate    POST    API/masks/{mask_id}/measures/edits
    annotate    DELETE  API/masks/{mask_id}/measures/edits/{name}
    annotate    PUT     API/measurements/{measurement_id}
    annotate    DELETE  API/measurements/{measurement_id}
    review      POST    API/studies/{study_id}/reviews
    review      DELETE  API/reviews/{review_id}
    review      PATCH   API/reviews/{review_id}
    review      POST    API/reviews/{review_id}/replies
    add         POST    API/studies
    add         POST    API/studies/demo
    add         GET     /uploads
    add         POST    /uploads
    add         PATCH   /uploads
    add         PUT     /uploads
    add         DELETE  /uploads
    add         GET     /uploads/{name}
    add         POST    /uploads/{name}
    add         PATCH   /uploads/{name}
    add         PUT     /uploads/{name}
    add         DELETE  /uploads/{name}
    add         POST    /uploads/{name}/study
    add         POST    /uploads/{name}/import
    add         POST    API/imports
    add         GET     API/imports/{import_id}
    add         DELETE  API/imports/{import_id}
    add         POST    API/imports/{import_id}/studies
    add         GET     API/imports/{import_id}/thumbnails/{number}.png
    add         GET     /pacs
    add         GET     API/pacs
    add         POST    API/pacs/{name}/search
    add         GET     API/pacs/{name}/studies/{uid}/series
    add         POST    API/pacs/{name}/fetch
    add         GET     API/transfers/{transfer_id}
    add         DELETE  API/transfers/{transfer_id}
    segment     POST    API/studies/{study_id}/jobs
    segment     DELETE  API/jobs/{job_id}
    segment     GET     API/batches
    segment     POST    API/batches
    segment     GET     API/batches/{batch_id}
    segment     DELETE  API/batches/{batch_id}
    send        POST    API/masks/{mask_id}/send
    edit        DELETE  API/masks/{mask_id}
    edit        DELETE  API/studies/{study_id}
    edit        PATCH   API/studies/{study_id}
    edit        GET     /studies/{study_id}/sharing
    share       GET     API/studies/{study_id}/shares
    share       POST    API/studies/{study_id}/shares
    share       DELETE  API/shares/{share_id}
    own         GET     /account
    own         GET     API/account
    own         PUT     API/account/password
    own         POST    API/account/second-factor
    own         PUT     API/account/second-factor
    own         DELETE  API/account/second-factor
    own         GET     API/account/tokens
    own         POST    API/account/tokens
    own         DELETE  API/account/tokens/{name}
    own         GET     API/account/sessions
    own         DELETE  API/account/sessions/{name}
    metrics     GET     API/metrics
    metrics     GET     /metrics
    administer  GET     /admin
    administer  GET     API/accounts
    administer  POST    API/accounts
    administer  PATCH   API/accounts/{person}
    administer  DELETE  API/accounts/{person}
    administer  POST    API/accounts/{person}/reset
    administer  GET     API/groups
    administer  POST    API/groups
    administer  DELETE  API/groups/{name}
    administer  GET     API/audit
""")


def find(method: str, path: str) -> Found | None:
    """Find the line for a request; None if there is none."""
    for rule in RULES:
        if rule.covers(method) and (match := rule.pattern.fullmatch(path)):
            return Found(rule, tuple(match.groupdict().items()))
    return None


def methods_of(path: str) -> list[str]:
    """List the methods of HTTP that are served at an address."""
    served = {rule.method for rule in RULES if rule.method != "SOCKET" and rule.pattern.fullmatch(path)}
    return sorted(served | ({"HEAD"} if "GET" in served else set()) | ({"OPTIONS"} if served else set()))
