"""The content security policies of the pages: nothing is loaded from elsewhere."""

from __future__ import annotations


def policy(*, evaluates: bool = False, inline_styles: bool = False, framed: bool = False) -> str:
    """Build a policy.

    Args:
        evaluates: Whether scripts may compile strings: trame's client compiles its templates in the browser.
        inline_styles: Whether elements may carry styles.
        framed: Whether a page of this server may show it in a frame.
    """
    sources = {
        "default-src": "'self'",
        "img-src": "'self' data: blob:",
        "style-src": "'self' 'unsafe-inline'" if inline_styles else "'self'",
        "script-src": "'self' 'unsafe-eval'" if evaluates else "'self'",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'" if framed else "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'self'" if framed else "'none'",
    }
    return "; ".join(f"{directive} {source}" for directive, source in sources.items())


PAGES = policy()
VIEWER = policy(evaluates=True)
SERVER_DRAWN_VIEW = policy(evaluates=True, inline_styles=True, framed=True)
"""Of trame's own pages, which stand in a frame of the viewer."""
