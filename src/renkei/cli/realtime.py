"""``renkei realtime``: the ASGI process with the pages mounted, on one port."""

import argparse
import os
import socket

import uvicorn


def main(argv: list[str]) -> int:
    """Serve until told to stop; listens on the socket the supervisor hands over, else on RENKEI_HOST:RENKEI_PORT."""
    parser = argparse.ArgumentParser(prog="renkei realtime", description="Serve the pages and the event stream.")
    parser.add_argument("--split", action="store_true", help="without the pages, which another process serves")
    options = parser.parse_args(argv)

    from renkei.settings import config  # reads the environment; not needed for --help
    from renkei.workers.logs import set_logs_up

    set_logs_up()

    handle = os.environ.get("RENKEI_LISTEN_FD")
    server = uvicorn.Server(
        uvicorn.Config(
            "renkei.asgi:realtime" if options.split else "renkei.asgi:application",
            host=config.host,
            port=config.port,
            ssl_certfile=config.tls_cert,
            ssl_keyfile=config.tls_key,
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=3,
        )
    )
    server.run(sockets=[socket.socket(fileno=int(handle))] if handle else None)
    return 0 if server.started else 1
