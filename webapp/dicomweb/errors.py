"""Errors between this server and an archive, for people, without addresses or secrets."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator

import httpx

from webapp.http.errors import WebError

_EXPIRED, _OTHER_NAMES = 10, (62, 64)  # OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED, …_HOSTNAME_MISMATCH, …_IP_ADDRESS_…


def check(response: httpx.Response, name: str) -> None:
    """Raise WebError (502) for an answer of the archive ``name`` that is no success."""
    if response.status_code == 401:
        raise WebError(502, "pacs_refused", "pacs.unauthorised", name=name)
    if response.status_code == 403:
        raise WebError(502, "pacs_refused", "pacs.forbidden", name=name)
    if not response.is_success:
        raise WebError(502, "pacs_refused", "pacs.status", name=name, status=response.status_code)


@contextlib.contextmanager
def translate_errors(name: str) -> Iterator[None]:
    """Translate faults of the network and of the archive ``name`` into WebError (502)."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise WebError(502, "pacs_unreachable", "pacs.silent", name=name) from error
    except httpx.HTTPError as error:
        raise _unreachable(error, name) from error
    except (ValueError, AttributeError, RecursionError) as error:
        raise WebError(502, "pacs_refused", "pacs.not_dicomweb", name=name) from error


def _unreachable(error: httpx.HTTPError, name: str) -> WebError:
    fault = _tls_fault(error)
    if isinstance(fault, ssl.SSLCertVerificationError):
        if fault.verify_code == _EXPIRED:
            return WebError(502, "pacs_unreachable", "pacs.certificate_expired", name=name)
        if fault.verify_code in _OTHER_NAMES:
            return WebError(502, "pacs_unreachable", "pacs.certificate_of_other_address", name=name)
        return WebError(502, "pacs_unreachable", "pacs.certificate_not_trusted", name=name)
    if fault is not None:
        return WebError(502, "pacs_unreachable", "pacs.no_tls", name=name)
    return WebError(502, "pacs_unreachable", "pacs.unreachable", name=name)


def _tls_fault(error: BaseException | None) -> ssl.SSLError | None:
    """Find the TLS error that httpx and httpcore have wrapped, if there is one."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None
