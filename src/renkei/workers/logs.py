"""How a worker's log looks: one line a happening, with ids; never words, whole numbers or tokens."""

import logging
import re
import sys

import structlog
from structlog.types import EventDict, Processor

_DATABASE_ERROR = re.compile(
    r"^((?:psycopg|django\.db)[\w.]*): .*?(?=\n\n|\nTraceback|\Z)", flags=re.MULTILINE | re.DOTALL
)
_CONSTRAINT = re.compile(r'constraint "(\w+)"')


def set_logs_up() -> None:
    """One JSON line on stderr for each event, our own and the libraries' warnings."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        leave_values_out,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        foreign_pre_chain=shared,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for noisy in ("httpx2", "httpcore2", "psycopg.pool", "websockets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def leave_values_out(logger: object, method: str, event: EventDict) -> EventDict:
    """A processor: PostgreSQL quotes values and whole rows in its errors; only their class and constraint are kept."""
    exception = event.get("exception")
    if isinstance(exception, str):
        event["exception"] = _DATABASE_ERROR.sub(_name_error, exception)
    return event


def _name_error(found: "re.Match[str]") -> str:
    constraint = _CONSTRAINT.search(found[0])
    return f"{found[1]}: {constraint[1]}" if constraint else found[1]
