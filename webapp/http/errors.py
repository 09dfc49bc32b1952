"""The one error body, ``{"error": {"code", "message", "hint"}}``, and which status each cause gets."""

from __future__ import annotations

from http import HTTPStatus

from segmentation.core.errors import InputError

Body = dict[str, dict[str, str]]

_STATUS_OF_CODE = {
    "bad_input": 400,
    "unreadable_file": 400,
    "too_large": 413,
    "unsupported_format": 415,
}


class WebError(Exception):
    """A request that cannot be served: an HTTP status and the three strings of the error body."""

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint


def body(code: str, message: str, hint: str = "") -> Body:
    """The error body."""
    return {"error": {"code": code, "message": message, "hint": hint}}


def from_input_error(error: InputError) -> WebError:
    """An input refused by the engine's readers, as an answer to the browser (422 unless told otherwise)."""
    return WebError(_STATUS_OF_CODE.get(error.code, 422), error.code, error.message, error.hint)


def from_status(status: int) -> WebError:
    """An HTTP status without further words, such as a 404 of the router."""
    messages = {
        404: ("not_found", "There is nothing at this address.", "It may have been deleted."),
        405: (
            "method_not_allowed",
            "This address does not answer to that method.",
            "See /api/v1/openapi.json.",
        ),
        500: ("internal", "The server met a fault in its own program.", "The server's log says more."),
    }
    if status in messages:
        return WebError(status, *messages[status])
    phrase = HTTPStatus(status).phrase
    return WebError(status, phrase.lower().replace(" ", "_").replace("-", "_"), f"{phrase}.")


def not_found(what: str) -> WebError:
    """A study, job or mask that is not there."""
    return WebError(404, "not_found", f"There is no such {what}.", "It may have been deleted.")
