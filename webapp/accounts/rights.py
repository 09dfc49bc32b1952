"""Rights: what each role, token and share link may do. Routes name the right that they need in ``table.py``."""

from __future__ import annotations

from typing import Literal, get_args

from webapp.enumerations import Role, ShareKind, TokenScope

Right = Literal[
    "public",  # nobody needs to sign in
    "own",  # an account's own affairs: password, second factor, tokens, sessions
    "look",  # lists, pages, pictures, voxels
    "download",  # files for other programs
    "annotate",  # measurements
    "review",
    "add",  # uploads, the demo, fetching from an archive
    "segment",
    "urgent",  # a job before those of everybody else
    "send",  # a result, to an archive
    "edit",  # rename or delete a study
    "share",
    "metrics",
    "administer",  # accounts, groups, the audit trail
]
Rights = frozenset[Right]

NOTHING: Rights = frozenset({"public"})
_LOOKING: Rights = frozenset({"public", "look", "download"})
_REVIEWING: Rights = _LOOKING | {"annotate", "review"}
_WORKING: Rights = _REVIEWING | {"add", "segment", "send", "edit", "share"}
EVERYTHING: Rights = frozenset(get_args(Right))
ONE_PERSON: Rights = EVERYTHING - {"own", "share", "administer"}
"""Of a server without accounts."""

OF_ROLE: dict[Role, Rights] = {
    "viewer": _LOOKING | {"own"},
    "reviewer": _REVIEWING | {"own"},
    "clinician": _WORKING | {"own", "urgent"},
    "administrator": EVERYTHING,
}
OF_SCOPE: dict[TokenScope, Rights] = {
    "read": _LOOKING,
    "write": _WORKING,
    "metrics": frozenset({"public", "metrics"}),
}
"""At most: a token may do what both its scope and its account's role allow. None administers, or makes others."""
OF_SHARE: dict[ShareKind, Rights] = {
    "view": frozenset({"public", "look"}),
    "review": frozenset({"public", "look", "annotate", "review"}),
}
