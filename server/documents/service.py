"""The room's public face: every command and query of documents.

``Documents`` is one class in parts, each part the acts of one side of the desk (author, judges, signers and
clerk, readers); a part holds no state of its own, so the order of the parts means nothing.
"""

from __future__ import annotations

from server.documents.approval import Approval
from server.documents.drafting import Drafting
from server.documents.handing_in import HandingIn
from server.documents.inheriting import Inheriting
from server.documents.reading import Filter, Reading
from server.documents.rendering import Rendering
from server.documents.supplements import Supplements

__all__ = ["Documents", "Filter"]


class Documents(Drafting, Rendering, Approval, Supplements, HandingIn, Inheriting, Reading):
    """Documents: drafted, commented, checked for form, approved, signed, numbered, sealed, issued."""
