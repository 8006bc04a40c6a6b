"""Who acts, for which body and post, from where. Every write and every scoped read takes one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a post may do; the table role x action is ``config/identity/permissions.toml``."""

    ADMINISTRATOR = "administrator"
    RECORDS_CLERK = "records_clerk"
    CHIEF_OF_OFFICE = "chief_of_office"
    LEADER = "leader"
    HEAD_OF_UNIT = "head_of_unit"
    SPECIALIST = "specialist"
    COUNTER_OFFICER = "counter_officer"
    SUPERVISOR = "supervisor"


class Channel(StrEnum):
    """Through which door the act came."""

    WEB = "web"
    API = "api"
    CLI = "cli"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Once:
    """An Idempotency-Key as it arrived: the same key and body give the stored answer, another body 409."""

    route: str
    """Method and route template, such as ``POST /api/v1/documents``."""
    key: str
    """The client's key, 1 to 200 visible ASCII characters."""
    body_digest: str
    """``sha256:`` + hex of the request body."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """From where an act came."""

    request_id: str = ""
    """Id of the request, also in its log lines and its answer."""
    address: str = ""
    """Network address of the caller; "" for jobs and the command line."""
    channel: Channel = Channel.JOB
    """The door."""
    session_id: str = ""
    """Session or token; "" when there is none."""
    once: Once | None = None
    """Idempotency of this request; None for reads, jobs and naturally idempotent acts."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person acting in one post of one body (or the system itself)."""

    account_id: str
    """Account; ``system`` for jobs."""
    name: str
    """Full name of the person, as shown."""
    role: Role | None
    """Role of the post acted in; None for the system and for an account without a post."""
    body_id: str = ""
    """Body acted for; "" for the system."""
    body_name: str = ""
    """Name of that body, as shown."""
    unit_id: str = ""
    """Unit of the post inside the body; "" = directly under the body."""
    post_id: str = ""
    """Post acted in; "" for the system."""
    post_title: str = ""
    """Title of that post, as shown."""
    on_behalf: str = ""
    """Id of the delegation when the post is another person's; "" = own post."""
    mandate_id: str = ""
    """Supervisor's mandate in force; "" = none."""
    request: RequestContext = field(default_factory=RequestContext)
    """From where."""

    @property
    def post_grantee(self) -> str:
        """Key by which handling names this post (need to know)."""
        return f"post:{self.post_id}"

    @property
    def role_grantee(self) -> str:
        """Key by which handling names everybody of this role in this body."""
        return f"role:{self.body_id}:{self.role}"


SYSTEM = Actor(account_id="system", name="Hệ thống", role=None)
"""The actor of jobs and migrations."""
