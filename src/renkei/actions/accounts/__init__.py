"""Accounts: who may sign in, and when they no longer may."""

from renkei.actions.accounts.agents import AgentSettings, save_agent
from renkei.actions.accounts.api_keys import GRANTABLE, NewKey, create_api_key, revoke_api_key, take_api_key
from renkei.actions.accounts.first_sign_in import (
    FirstSignIn,
    is_first_sign_in_open,
    issue_first_sign_in,
    take_first_sign_in,
)
from renkei.actions.accounts.preferences import choose_language, choose_theme
from renkei.actions.accounts.sessions import end_sessions, tell_sessions_ended

__all__ = [
    "GRANTABLE",
    "AgentSettings",
    "FirstSignIn",
    "NewKey",
    "choose_language",
    "choose_theme",
    "create_api_key",
    "end_sessions",
    "is_first_sign_in_open",
    "issue_first_sign_in",
    "revoke_api_key",
    "save_agent",
    "take_api_key",
    "take_first_sign_in",
    "tell_sessions_ended",
]
