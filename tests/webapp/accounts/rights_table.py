"""Who may do what, written down apart from the product: one line for every address and method.

The first column is who may, by initials: V viewer, R reviewer, C clinician, A administrator (who is in no group);
v and r share links to view and to review; t and w the clinician's API tokens to read and to write; m one for metrics.
``-`` is nobody who is not named, ``*`` everybody, signed in or not.
"""

from __future__ import annotations

API = "/api/v1"
TABLE = """
*         GET     /static/css/tokens.css
*         GET     /viewer/client/index.html
*         GET     /language/zh
*         GET     API/health
*         GET     /health/live
*         GET     /health/ready
*         GET     API/openapi.json
*         GET     /signin
*         GET     /signin/oidc
*         GET     /signin/oidc/callback
*         GET     /welcome
*         GET     /share
*         POST    API/session
*         DELETE  API/session
*         POST    API/invitation
*         POST    API/share-session
VRCAvrtw  GET     /
VRCAvrtw  GET     API/studies
VRCAvrtw  GET     /studies/{study}
VRCAvrtw  SOCKET  /studies/{study}/ws/0123456789abcdef0123456789abcdef
VRCAvrtw  GET     /studies/{study}/remote/0123456789abcdef0123456789abcdef/index.html
VRCAvrtw  SOCKET  /studies/{study}/remote/0123456789abcdef0123456789abcdef/ws
VRCAvrtw  GET     API/studies/{study}
VRCAvrtw  GET     API/studies/{study}/display.json
VRCAvrtw  GET     API/studies/{study}/volume.bin
VRCAvrtw  GET     API/studies/{study}/preview.bin
VRCAvrtw  GET     API/studies/{study}/thumbnail.png
VRCAvrtw  GET     API/studies/{study}/jobs
VRCAvrtw  GET     API/studies/{study}/masks
VRCAvrtw  GET     API/studies/{study}/measurements
VRCAvrtw  GET     API/studies/{study}/reviews
VRCAvrtw  GET     API/studies/{study}/qr.svg
VRCAvrtw  GET     API/studies/{study}/plans
VRCAvrtw  GET     API/studies/{study}/registrations
VRCAvrtw  GET     API/studies/{study}/checks
VRCAvrtw  GET     API/studies/{study}/tracker
VRCAvrtw  SOCKET  /studies/{study}/live
VRCAvrtw  GET     API/jobs/{job}
VRCAvrtw  GET     API/masks/{mask}
VRCAvrtw  GET     API/masks/{mask}/vertebrae
VRCAvrtw  GET     API/masks/{mask}/measures
VRCAvrtw  GET     API/masks/{mask}/volume.bin
VRCAvrtw  GET     API/masks/{mask}/meshes/1.bin
VRCAvrtw  GET     API/masks/{mask}/meshes/1.stl
VRCAvrtw  GET     API/masks/{mask}/distances/{mask}.bin
VRCAtw    GET     API/masks/{mask}/surface.stl
VRCAtw    GET     API/masks/{mask}/labels.txt
VRCAtw    GET     API/masks/{mask}.seg.nrrd
VRCAtw    GET     API/masks/{mask}.nii.gz
VRCAtw    GET     API/masks/{mask}/seg.dcm
VRCAtw    GET     API/masks/{mask}/report.dcm
VRCAtw    GET     API/masks/{mask}/measures.csv
VRCAtw    GET     API/masks/{mask}/measures.json
VRCAtw    GET     API/masks/{mask}/report.pdf
VRCAtw    GET     API/masks/{mask}/structured-report.zip
VRCAtw    GET     API/studies/{study}/measurements.csv
VRCAtw    GET     API/studies/{study}/plans/1.csv
RCArw     POST    API/studies/{study}/measurements
RCArw     POST    API/studies/{study}/plans
RCArw     POST    API/studies/{study}/screw-checks
RCArw     POST    API/studies/{study}/registrations
RCArw     POST    API/studies/{study}/checks
RCArw     POST    API/masks/{mask}/levels
VRCAvrtw  GET     API/masks/{mask}/versions
RCArw     POST    API/masks/{mask}/restore
RCArw     GET     API/masks/{mask}/drafts
RCArw     GET     API/masks/{mask}/drafts/x
RCArw     PATCH   API/masks/{mask}/drafts/x
RCArw     DELETE  API/masks/{mask}/drafts/x
RCArw     POST    API/masks/{mask}/drafts/x/version
RCArw     POST    API/masks/{mask}/measures/edits
RCArw     DELETE  API/masks/{mask}/measures/edits/x
RCArw     PUT     API/measurements/{measurement}
RCArw     DELETE  API/measurements/{measurement}
RCArw     POST    API/studies/{study}/reviews
RCArw     DELETE  API/reviews/{review}
RCArw     PATCH   API/reviews/{review}
RCArw     POST    API/reviews/{review}/replies
CAw       POST    API/studies
CAw       POST    API/studies/demo
CAw       GET     /uploads
CAw       POST    /uploads
CAw       PATCH   /uploads
CAw       PUT     /uploads
CAw       DELETE  /uploads
CAw       GET     /uploads/x
CAw       POST    /uploads/x
CAw       PATCH   /uploads/x
CAw       PUT     /uploads/x
CAw       DELETE  /uploads/x
CAw       POST    /uploads/x/study
CAw       POST    /uploads/x/import
CAw       POST    API/imports
CAw       GET     /pacs
CAw       GET     API/pacs
CAw       POST    API/pacs/Hospital/search
CAw       GET     API/pacs/Hospital/studies/1.2/series
CAw       POST    API/pacs/Hospital/fetch
Cw        GET     API/imports/{import}
Cw        DELETE  API/imports/{import}
Cw        POST    API/imports/{import}/studies
Cw        GET     API/imports/{import}/thumbnails/0.png
Cw        GET     API/transfers/{transfer}
Cw        DELETE  API/transfers/{transfer}
CAw       POST    API/studies/{study}/jobs
CAw       DELETE  API/jobs/{job}
CAw       GET     API/batches
CAw       POST    API/batches
Cw        GET     API/batches/{batch}
Cw        DELETE  API/batches/{batch}
CAw       POST    API/masks/{mask}/send
CAw       DELETE  API/masks/{mask}
CAw       DELETE  API/studies/{study}
CAw       PATCH   API/studies/{study}
CAw       GET     /studies/{study}/sharing
CAw       GET     API/studies/{study}/shares
CAw       POST    API/studies/{study}/shares
CAw       DELETE  API/shares/{share}
VRCA      GET     /account
VRCA      GET     API/account
VRCA      PUT     API/account/password
VRCA      POST    API/account/second-factor
VRCA      PUT     API/account/second-factor
VRCA      DELETE  API/account/second-factor
VRCA      GET     API/account/tokens
VRCA      POST    API/account/tokens
VRCA      DELETE  API/account/tokens/x
VRCA      GET     API/account/sessions
VRCA      DELETE  API/account/sessions/x
Am        GET     API/metrics
Am        GET     /metrics
A         GET     /admin
A         GET     API/accounts
A         POST    API/accounts
A         PATCH   API/accounts/x
A         DELETE  API/accounts/x
A         POST    API/accounts/x/reset
A         GET     API/groups
A         POST    API/groups
A         DELETE  API/groups/x
A         GET     API/audit
"""


def lines() -> list[tuple[str, str, str]]:
    """Who, method and address of each line; ``{study}`` and the like stand for ids."""
    return [tuple(line.replace("API", API).split()) for line in TABLE.strip().splitlines()]  # type: ignore[misc]
