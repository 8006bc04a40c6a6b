"""Work after the commit: the outbox delivered at least once, schedules run by one process at a time."""

from server.jobs.runner import Jobs, Schedule

__all__ = ["Jobs", "Schedule"]
