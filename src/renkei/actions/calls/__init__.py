"""What happens to calls."""

from renkei.actions.calls.ask import CommandKind, ask
from renkei.actions.calls.export_calls import CallsExport, export_calls
from renkei.actions.calls.export_histories import HistoryExport, export_requests, export_steps
from renkei.actions.calls.finish_after_call import finish_after_call
from renkei.actions.calls.simulate import Simulated, simulate

__all__ = [
    "CallsExport",
    "CommandKind",
    "HistoryExport",
    "Simulated",
    "ask",
    "export_calls",
    "export_requests",
    "export_steps",
    "finish_after_call",
    "simulate",
]
