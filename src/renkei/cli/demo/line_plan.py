"""The sample office as the IVR machine sees it."""

from renkei.cli.demo.office import Office
from renkei.domain.matching import Branch
from renkei.domain.plan import (
    AgentPlan,
    BranchPlan,
    EnterIvr,
    GuidancePlan,
    IvrPlan,
    LinePlan,
    Linkage,
    NumberPlan,
    RulePlan,
    RunRule,
    choose_way,
)
from renkei.domain.rules import read_steps
from renkei.models import Agent, BusinessLabel, Guidance, IncomingRule, Ivr, PhoneNumber, ResponseBranch


def read_plan(office: Office) -> LinePlan:
    """The plan of the whole line as it is stored now."""
    agents = Agent.objects.select_related("user")
    return LinePlan(
        numbers={number.e164: _number(number) for number in PhoneNumber.objects.all()},
        ivrs={ivr.pk: _ivr(ivr) for ivr in Ivr.objects.select_related("linkage").prefetch_related("branches")},
        rules={rule.pk: RulePlan(rule.pk, rule.name, read_steps(rule.steps)) for rule in IncomingRule.objects.all()},
        guidances={
            each.pk: GuidancePlan(each.pk, each.name, each.words, each.media, each.seconds)
            for each in Guidance.objects.all()
        },
        labels=dict(BusinessLabel.objects.values_list("id", "name")),
        agents={agent.pk: AgentPlan(agent.pk, agent.extension, agent.user.display_name) for agent in agents},
        busy_rule=office.rules["busy"].pk,
    )


def _number(number: PhoneNumber) -> NumberPlan:
    entry = EnterIvr(number.entry_ivr_id) if number.entry_ivr_id else RunRule(number.entry_rule_id or 0)
    return NumberPlan(number.pk, number.e164, number.name, number.business_group_id, entry, number.fallback_rule_id)


def _ivr(ivr: Ivr) -> IvrPlan:
    linkage = Linkage(
        ivr.linkage.connector, ivr.linkage.project_id, ivr.linkage.channel_id, ivr.linkage.request_error_rule_id
    )
    return IvrPlan(ivr.pk, ivr.name, linkage, {Branch(each.condition): _branch(each) for each in ivr.branches.all()})


def _branch(branch: ResponseBranch) -> BranchPlan:
    way = choose_way(
        branch.action, agent_id=branch.destination_agent_id, ivr_id=branch.destination_ivr_id, rule_id=branch.rule_id
    )
    return BranchPlan(branch.label_id, branch.guidance_id, "", way)
