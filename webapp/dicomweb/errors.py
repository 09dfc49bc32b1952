"""What can go wrong between here and an archive, as one error for people, without address or secrets."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator

import httpx

from webapp.http.errors import WebError

_EXPIRED, _OTHER_NAMES = 10, (62, 64)  # OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED, …_HOSTNAME_MISMATCH, …_IP_ADDRESS_…
_AUTHORITY = "Name the file of the hospital's certificate authority as ca_file in SPINEVIEW_PACS."
_RENEW = "Ask whoever looks after the PACS for a new certificate."


def check(response: httpx.Response, name: str) -> None:
    """Raise WebError (502) for an answer of the archive ``name`` that is no success."""
    if response.status_code == 401:
        raise WebError(
            502,
            "pacs_refused",
            f"{name} does not let this server in.",
            "Its user name and password, or its token, in SPINEVIEW_PACS may be wrong or have expired.",
        )
    if response.status_code == 403:
        raise WebError(
            502,
            "pacs_refused",
            f"{name} knows this server, but does not allow it to do this.",
            "Ask whoever looks after the PACS for the right to search, fetch and store.",
        )
    if not response.is_success:
        raise WebError(502, "pacs_refused", f"{name} answered with the status {response.status_code}.")


@contextlib.contextmanager
def translate_errors(name: str) -> Iterator[None]:
    """Faults of the network and of the archive ``name`` inside, as WebError (502)."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise WebError(502, "pacs_unreachable", f"{name} does not answer.", "Try again later.") from error
    except httpx.HTTPError as error:
        raise WebError(502, "pacs_unreachable", *_why(error, name)) from error
    except (ValueError, AttributeError) as error:
        raise WebError(502, "pacs_refused", f"{name} gave an answer that is not DICOMweb.") from error


def _why(error: httpx.HTTPError, name: str) -> tuple[str, str]:
    fault = _tls_fault(error)
    if isinstance(fault, ssl.SSLCertVerificationError):
        if fault.verify_code == _EXPIRED:
            return f"The certificate of {name} has expired.", _RENEW
        if fault.verify_code in _OTHER_NAMES:
            return f"The certificate of {name} was made for another address than the one in SPINEVIEW_PACS.", _RENEW
        return f"The certificate of {name} is not signed by an authority that this server trusts.", _AUTHORITY
    if fault is not None:
        return (
            f"{name} does not speak TLS as its https address promises.",
            "Check its address in SPINEVIEW_PACS; ask whoever looks after it.",
        )
    return f"{name} cannot be reached.", "The network or the archive may be down; ask whoever looks after it."


def _tls_fault(error: BaseException | None) -> ssl.SSLError | None:
    """The TLS error that httpx and httpcore have wrapped, if there is one."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None
