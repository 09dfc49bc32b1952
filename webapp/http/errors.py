"""Turn errors into answers: their body ``{"error": {"code", "message", "hint"}}``, its language, and their status."""

from __future__ import annotations

import errno
from http import HTTPStatus

from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from werkzeug.exceptions import HTTPException as WerkzeugHTTPException

from segmentation.core.errors import DescribedError, InputError
from segmentation.core.messages import Message, english
from webapp.figures import REFUSALS
from webapp.translations import messages, request_language

Body = dict[str, dict[str, str]]

_STATUS_OF_CODE = {
    "bad_input": 400,
    "unreadable_file": 400,
    "too_large": 413,
    "unsupported_format": 415,
}
_CODE_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 500: "internal"}


class WebError(DescribedError):
    """A request that cannot be served: ``WebError(400, "bad_request", "upload.no_ct")``.

    Attributes:
        status: Of HTTP.
        code: Stable and machine-readable.
    """

    def __init__(self, status: int, code: str, key: str, /, **values: object) -> None:
        super().__init__(code, Message.of(key, **values))
        self.status = status
        self.code = code


def from_input_error(error: InputError) -> WebError:
    """Turn an input refused by the engine's readers into an answer; 422 unless its code has another status."""
    message = error.problem.message
    return WebError(_STATUS_OF_CODE.get(error.code, 422), error.code, message.key, **dict(message.values))


def as_web_error(error: Exception) -> WebError:
    """Turn whatever a route raised into the error to answer with; what is no refusal is a fault of the program, 500."""
    match error:
        case WebError():
            return error
        case InputError():
            return from_input_error(error)
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return WebError(507, "disk_full", "store.disk_full")
        case StarletteHTTPException():
            return from_status(error.status_code)
        case WerkzeugHTTPException():
            return from_status(error.code or 500)
    return from_status(500)


def from_status(status: int) -> WebError:
    """Make an error of an HTTP status alone, such as a 404 of the router."""
    phrase = HTTPStatus(status).phrase
    code = _CODE_OF_STATUS.get(status, phrase.lower().replace(" ", "_").replace("-", "_"))
    if f"status.{status}" in english():
        return WebError(status, code, f"status.{status}")
    return WebError(status, code, "status.other", phrase=phrase)


def not_found(what: str) -> WebError:
    """Say that a study, job, mask … is not there; ``what`` ends the key ``not_found.<what>``."""
    return WebError(404, "not_found", f"not_found.{what}")


def body(error: DescribedError, language: str) -> Body:
    """Make the error body in a language, and count the refusal."""
    REFUSALS.labels(error.code).inc()
    return {"error": error.problem.shown(messages(language))}


def answer(connection: HTTPConnection, error: WebError) -> JSONResponse:
    """Answer a request with an error, in its language."""
    return JSONResponse(body(error, request_language(connection)), error.status)
