"""Puts one-off work into the job queue by the job's name; nothing of workers/ is imported here."""

from procrastinate.contrib.django import app

SOON = 10
"""Priority of work somebody waits for in front of a screen; the rest has 0."""


def enqueue(job: str, *, priority: int = 0, **ids: int) -> None:
    """Have the jobs worker do ``job`` once this transaction has committed; not at all when it is rolled back.

    Delivery is at least once: what the job does must be harmless when done twice.
    """
    app.configure_task(job, priority=priority).defer(**ids)
