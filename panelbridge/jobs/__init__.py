"""What runs later, on a durable engine that nothing outside this package knows by name."""

from __future__ import annotations

from panelbridge.jobs.lock import WorkerAlreadyRunning
from panelbridge.jobs.runner import JobLimits, JobRunner, PeriodicTask
from panelbridge.jobs.scan import DueOperation

__all__ = ["DueOperation", "JobLimits", "JobRunner", "PeriodicTask", "WorkerAlreadyRunning"]
