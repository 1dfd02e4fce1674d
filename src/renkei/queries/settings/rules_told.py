"""Whether the rules that were saved last are in the telephone system."""

from django.apps import apps
from django.db.models import Max

from renkei import clock
from renkei.domain.rules_told import RulesProblem, RulesState, Told, judge_rules
from renkei.models import RulesTold, Worker


def read_rules_state() -> RulesState:
    """Of all living workers, the worst."""
    living = list(Worker.objects.filter(lease_until__gt=clock.now()).values_list("name", flat=True))
    told = {row.worker: Told(row.read_at, _problem(row.problem)) for row in RulesTold.objects.filter(worker__in=living)}
    # pghistory gives each tracked model the table of its changes.
    tables = [apps.get_model("renkei", name) for name in ("IncomingRuleEvent", "PhoneNumberEvent")]
    changes = [table._default_manager.aggregate(newest=Max("pgh_created_at"))["newest"] for table in tables]
    changed_at = max((each for each in changes if each is not None), default=None)
    return judge_rules([told.get(name) for name in living], changed_at=changed_at)


def _problem(stored: str) -> RulesProblem:
    try:
        return RulesProblem(stored)
    except ValueError:
        return RulesProblem.REFUSED
