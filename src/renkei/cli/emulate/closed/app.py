"""Joins the chat desk to the emulator: its addresses stand beside those of the chatbot provider, on the same port."""

from starlette.applications import Starlette
from starlette.routing import Route

from renkei.cli.emulate.closed.control import Control
from renkei.cli.emulate.closed.desk import SMART_M_TALK_PATH, STANDARD_PATH, Desk


def join_desk(app: Starlette, desk: Desk) -> Starlette:
    """Add the desk's addresses; the emulator's own walls (loopback names, headers, refusals) hold for them too."""
    control = Control(desk)
    app.router.routes += [
        Route(SMART_M_TALK_PATH, desk.list_own),
        Route(f"{STANDARD_PATH}/closed-conversations", desk.list_standard),
        Route("/control/closed", control.show),
        Route("/control/closed/chats", control.list_chats),
        Route("/control/closed/chats", control.seed, methods=["POST"]),
        Route("/control/closed/bulk", control.seed_bulk, methods=["POST"]),
        Route("/control/closed/chats/{chat}", control.delete, methods=["DELETE"]),
        Route("/control/closed/chats/{chat}/{deed}", control.change, methods=["POST"]),
        Route("/control/closed/faults", control.order, methods=["PUT"]),
        Route("/control/closed/faults", control.clear, methods=["DELETE"]),
        Route("/control/closed/clock", control.put_clock, methods=["PUT"]),
        Route("/control/closed/push", control.push, methods=["POST"]),
    ]
    return app
