"""The settings of the line, read together as one snapshot."""

INSTALLATION = """
SELECT api_linked_ivr AND chatbot_linkage AS linkage_is_on, realtime_speech, link_window_minutes, lookup_budget_ms
FROM renkei_installation WHERE id = 1
"""

NUMBERS = """
SELECT id, e164, name, business_group_id, entry_ivr_id, entry_rule_id, fallback_rule_id FROM renkei_phonenumber
"""

IVRS = """
SELECT ivr.id, ivr.name, linkage.connector, linkage.project_id, linkage.channel_id, linkage.connector_settings,
    linkage.secrets, linkage.request_error_rule_id
FROM renkei_ivr ivr LEFT JOIN renkei_chatbotlinkage linkage ON linkage.ivr_id = ivr.id
"""

BRANCHES = """
SELECT ivr_id, condition, label_id, guidance_form, guidance_id, speech_text, action, destination_agent_id,
    destination_ivr_id, rule_id
FROM renkei_responsebranch
"""

RULES = "SELECT id, name, builtin, steps FROM renkei_incomingrule"

GUIDANCES = "SELECT id, name, words, media, seconds FROM renkei_guidance"

LABELS = "SELECT id, name FROM renkei_businesslabel"

AGENTS = """
SELECT agent.id, agent.extension, person.display_name, agent.sip_password
FROM renkei_agent agent JOIN renkei_user person ON person.id = agent.user_id WHERE person.is_active
"""
