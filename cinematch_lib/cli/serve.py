"""The command ``cinematch serve``."""

import argparse
import ipaddress
import logging
import os
import re
import socket

from cinematch_lib.cli.arguments import Commands, add_command, add_state_flag, state_of
from cinematch_lib.cli.environment import allow_open_files, load_dotenv_file
from cinematch_lib.errors import CineMatchError, require_extra

_OPEN_FILES = 64  # without the connections
_MOST_WORKERS = 64
_ROOT_PATH = re.compile(r"(?!/(?:api|auth|docs|health|metrics|openapi\.json|page)(?:/|$))(/[A-Za-z0-9._~-]+)+/?")
_ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^/\s]+")  # as browsers write it
_HOST = re.compile(r"\*|[^/:\s]+")


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
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="processes that answer requests, each with the run in its memory (default: 1)",
    )
    serve.add_argument(
        "--proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="address of a proxy in front, or of its network, whose X-Forwarded-For and X-Forwarded-Proto are "
        "believed; may be repeated (default: nobody's are)",
    )
    serve.add_argument(
        "--root-path",
        default="",
        metavar="PATH",
        help="path under which a proxy shows the server, such as /films; it may pass the path on, or strip it "
        "(default: /)",
    )
    serve.add_argument(
        "--rate-limit", type=float, metavar="N", help="requests a second from one address at most (default: no limit)"
    )
    serve.add_argument(
        "--log-days",
        type=float,
        default=90,
        metavar="N",
        help="days for which lists and their events are kept, for experiments (default: 90)",
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
    serve.add_argument(
        "--learn-from-feedback",
        action="store_true",
        help="let cinematch refresh learn from what users say of films from now on, which the page tells them",
    )
    serve.add_argument("--insecure", action="store_true", help="listen beyond this computer without a token")
    add_state_flag(serve, "where watchlists and feedback are stored", "--state-dir")


def _serve(options: argparse.Namespace) -> None:
    allow_open_files(_OPEN_FILES)
    load_dotenv_file("serve")
    require_extra("serve", "uvicorn", "httptools")
    # the other commands do without the server's libraries
    from cinematch_lib.serving.logs import write_logs
    from cinematch_lib.serving.middleware import TOKEN
    from cinematch_lib.serving.process import Settings, serve
    from cinematch_lib.serving.workers import Workers

    token = os.environ.get(TOKEN)
    _check(options, token, TOKEN)
    write_logs(options.log_level)
    settings = Settings(
        options.artifacts_dir,
        state_of(options),
        options.log_level,
        tuple(options.proxy),
        {
            "api_token": token,
            "allowed_hosts": options.allow_host,
            "rate_limit": options.rate_limit,
            "identify": options.identify,
            "root_path": options.root_path.rstrip("/"),
            "log_days": options.log_days,
            "learn_from_feedback": options.learn_from_feedback,
            **({"cors_origins": options.cors_origin} if options.cors_origin else {}),
        },
    )
    with _listen(options.host, options.port) as listener:
        if options.workers > 1:
            Workers(options.workers, listener, settings).run(_url(listener))
        else:
            app = settings.create_app()
            logging.getLogger("cinematch.serving").info("serving", extra={"url": _url(listener)})
            serve(app, listener, settings)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises CineMatchError."""
    from cinematch_lib.serving.process import listen

    try:
        return listen(host, port)
    except OSError as error:
        raise CineMatchError(
            f"{host} port {port} cannot be listened on ({error.strerror}); choose another with --port or --host"
        ) from None


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _check(options: argparse.Namespace, token: str | None, name: str) -> None:
    if not 0 <= options.port <= 65535:
        raise CineMatchError(f"--port must be between 0 and 65535 (0 takes a free one), got {options.port}")
    if options.rate_limit is not None and not 0 < options.rate_limit < float("inf"):
        raise CineMatchError(f"--rate-limit must be above 0, got {options.rate_limit}")
    if not 0 < options.log_days < float("inf"):
        raise CineMatchError(f"--log-days must be above 0, got {options.log_days:g}")
    if not 1 <= options.workers <= _MOST_WORKERS:
        raise CineMatchError(f"--workers must be between 1 and {_MOST_WORKERS}, got {options.workers}")
    if options.root_path.rstrip("/") and not _ROOT_PATH.fullmatch(options.root_path):
        raise CineMatchError(
            f"--root-path must be a path such as /films, of letters, digits and -._~, that does not begin with a path "
            f"of the server's own, such as /api; got {options.root_path!r}"
        )
    for origin in options.cors_origin or ():
        if not _ORIGIN.fullmatch(origin):
            raise CineMatchError(f"--cors-origin must be like http://localhost:5173, without a path, got {origin!r}")
    for host in options.allow_host:
        if not _HOST.fullmatch(host):
            raise CineMatchError(f"--allow-host must be a name such as films.example.org, without port, got {host!r}")
    for address in options.proxy:
        if not _is_network(address):
            raise CineMatchError(f"--proxy must be an address such as 127.0.0.1 or 10.0.0.0/8, got {address!r}")
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


def _is_network(address: str) -> bool:
    try:
        ipaddress.ip_network(address)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
