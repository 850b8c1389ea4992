"""`./dev api`: the Ticket API on this machine, with several worker processes."""

import argparse
import os
import socket
import sys

import uvicorn
from uvicorn.supervisors import Multiprocess

from msp_core.bootstrap import build_services
from msp_core.errors import MspError

DRAIN_S = 20
"""After SIGTERM: how long calls that have begun may take."""


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="./dev api")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    try:
        services = build_services()
        services.local_tokens.prepare()
        services.tickets.secret()  # made once, before the workers come to it at once
    except MspError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
    print(  # noqa: T201
        f"Ticket API on http://127.0.0.1:{options.port}; a token: "
        "msp token --role technician --customer ID",
        file=sys.stderr,
    )
    config = uvicorn.Config(
        "app.ticket_api.asgi:application",
        factory=True,
        host="127.0.0.1",
        port=options.port,
        workers=max(1, options.workers),
        timeout_graceful_shutdown=DRAIN_S,
        access_log=False,  # the handler writes one line for each call
        log_level="warning",
        server_header=False,
        lifespan="off",
    )
    listening = config.bind_socket()
    # Connections inherit it. Without, the body waits 40 ms for the client to confirm the headers.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    Multiprocess(config, sockets=[listening]).run()


if __name__ == "__main__":
    main()
