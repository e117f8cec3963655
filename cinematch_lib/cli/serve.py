"""The command ``cinematch serve``."""

import argparse
import contextlib
import ipaddress
import logging
import os
import signal
import socket
import sys
from pathlib import Path

from cinematch_lib.cli.arguments import Commands, add_command
from cinematch_lib.cli.environment import allow_open_files, load_dotenv_file
from cinematch_lib.errors import CineMatchError, require_extra

# Seconds between switches of threads, by default 0.005: a request waits for a dozen while a thread loads a run.
_SWITCH_SECONDS = 0.0005
_OPEN_FILES = 64  # without the connections
_DRAIN_SECONDS = 4  # time that requests in flight have after a signal to stop


def add_serve(commands: Commands) -> None:
    """Add the command ``serve``."""
    serve = add_command(
        commands,
        "serve",
        _serve,
        "serve the API and the web page",
        description="Serve the API and the web page from the current run. Another run that becomes current is loaded "
        "without a restart. CINEMATCH_API_TOKEN, in the environment or in .env, sets the token that "
        "clients must send; it is required to listen beyond this computer.",
        examples=(
            "cinematch serve",
            "cinematch serve --port 9000 --cors-origin https://films.example.org",
            "CINEMATCH_API_TOKEN=… cinematch serve --host 0.0.0.0 --rate-limit 20",
        ),
    )
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, default=8000, metavar="N", help="port to listen on (default: 8000)")
    serve.add_argument(
        "--cors-origin",
        action="append",
        metavar="ORIGIN",
        help="web origin whose pages may call the API; may be repeated (default: localhost and 127.0.0.1 on the "
        "ports 5173 and 3000)",
    )
    serve.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="host name that requests may carry, in addition to IP addresses and names without a dot; may be repeated",
    )
    serve.add_argument(
        "--proxy",
        action="append",
        metavar="ADDRESS",
        help="address of a proxy in front, whose X-Forwarded-For and X-Forwarded-Proto are believed; may be repeated "
        "(default: nobody's are)",
    )
    serve.add_argument(
        "--rate-limit", type=float, metavar="N", help="requests a second from one address at most (default: no limit)"
    )
    serve.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="least severe messages to log (default: info)",
    )
    serve.add_argument(
        "--identify",
        action="store_true",
        help="let clients name a user by e-mail (POST /auth/identify), which proves nothing; only on this computer or "
        "with a token",
    )
    serve.add_argument("--insecure", action="store_true", help="listen beyond this computer without a token")
    serve.add_argument(
        "--state-dir",
        type=Path,
        metavar="DIR",
        help="folder of watchlists and feedback (default: state, in the folder that holds the artifacts folder)",
    )


def _serve(options: argparse.Namespace) -> None:
    allow_open_files(_OPEN_FILES)
    load_dotenv_file("serve")
    require_extra("serve", "uvicorn", "httptools")
    import uvicorn  # the other commands do without the server's libraries

    from cinematch_lib.serving.app import ORIGINS, TOKEN, create_app
    from cinematch_lib.serving.connections import BACKLOG, LimitedProtocol
    from cinematch_lib.serving.logs import write_logs

    token = os.environ.get(TOKEN)
    _check(options, token, TOKEN)
    write_logs(options.log_level)
    sys.setswitchinterval(_SWITCH_SECONDS)
    with _listen(options.host, options.port) as listener:
        app = create_app(
            options.artifacts_dir,
            options.state_dir,
            api_token=token,
            cors_origins=options.cors_origin or ORIGINS,
            allowed_hosts=options.allow_host,
            rate_limit=options.rate_limit,
            identify=options.identify,
        )
        config = uvicorn.Config(
            app,
            http=LimitedProtocol,
            backlog=BACKLOG,
            loop="asyncio",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
            proxy_headers=bool(options.proxy),
            forwarded_allow_ips=options.proxy,
        )
        logging.getLogger("cinematch.serving").info("serving", extra={"url": _url(listener)})
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn has finished its requests, and raises the signal again
            running = uvicorn.Server(config)
            signal.signal(signal.SIGHUP, running.handle_exit)  # as the others, which uvicorn handles itself
            running.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises CineMatchError."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise CineMatchError(
            f"{host} port {port} cannot be listened on ({error.strerror}); choose another with --port or --host"
        ) from None
    # Accepted connections inherit this option. asyncio sets it only for sockets that name their protocol, which these
    # do not; without it the body of a response waits about 40 ms for the acknowledgement of the headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _check(options: argparse.Namespace, token: str | None, name: str) -> None:
    if not 0 <= options.port <= 65535:
        raise CineMatchError(f"--port must be between 0 and 65535 (0 takes a free one), got {options.port}")
    if options.rate_limit is not None and not 0 < options.rate_limit < float("inf"):
        raise CineMatchError(f"--rate-limit must be above 0, got {options.rate_limit}")
    if options.identify and not token and not _is_loopback(options.host):
        raise CineMatchError(
            f"--identify tells the number of any user whose e-mail is known, and {options.host} is open to other "
            f"machines; set {name}, or listen on 127.0.0.1"
        )
    if not token and not options.insecure and not _is_loopback(options.host):
        raise CineMatchError(
            f"{options.host} is open to other machines and no token is set; set {name}, listen on 127.0.0.1, "
            "or say --insecure"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
