"""The analyst's page as a web page: Voilà for this computer alone, with a token, few kernels, and no other hosts."""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop
from tornado.web import HTTPError, authenticated
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from cinematch_lib.explorer.kernels import CHECK_SECONDS, IDLE_SECONDS, FewKernels
from cinematch_lib.pipeline.folders import Folders

TEMPLATES = Path(__file__).parent / "templates"
_REFILL_SECONDS = 4  # after a page, which then has the processors for itself

# Hosts other than localhost and loopback addresses are refused, and with them the origins that equal them.
_DEFAULTS = Config(
    Voila={"ip": "127.0.0.1", "auto_token": True, "tornado_settings": {"allow_remote_access": False}},
    VoilaConfiguration={"multi_kernel_manager_class": FewKernels, "preheat_kernel": True, "file_allowlist": []},
    VoilaKernelManager={"fill_delay": _REFILL_SECONDS},
    KernelManager={"autorestart": False},  # a kernel started again would know nothing of its page
    MappingKernelManager={"cull_idle_timeout": IDLE_SECONDS, "cull_interval": CHECK_SECONDS},
)


class _OwnOrigin:
    """A handler that refuses requests of pages of another origin, even with the token."""

    def skip_check_origin(self) -> bool:
        """Never, where Jupyter does for requests with a token."""
        return False


class _Page(_OwnOrigin, TornadoVoilaHandler):
    async def prepare(self) -> None:
        await super().prepare()
        if not self.check_origin():
            raise HTTPError(403, "This page answers no requests of other pages.")

    @authenticated
    async def get(self, path: str | None = None) -> None:
        _ = self.xsrf_token  # sets the cookie with which the page, when it is closed, may end its kernel
        if not path:  # else it is not found
            await self.kernel_manager.admit()
        await super().get(path)
        self.kernel_manager.refill()


class _Channels(_OwnOrigin, VoilaKernelWebsocketHandler):
    async def open(self, *args: Any, **options: Any) -> None:
        self.set_nodelay(True)  # else a message waits, up to 40 ms, until the browser has confirmed the one before
        await super().open(*args, **options)


_END_SECONDS = 5  # for ending a kernel that was being started; it ends by itself after this process
_HANDLERS = {TornadoVoilaHandler: _Page, VoilaKernelWebsocketHandler: _Channels}


class ExplorerApp(Voila):
    """Voilà with templates that load nothing from other hosts."""

    def setup_template_dirs(self) -> None:
        """Put the own templates first."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(TEMPLATES))

    def init_settings(self) -> dict[str, Any]:
        """The settings, with the token for the page that opens the browser."""
        settings: dict[str, Any] = super().init_settings()
        settings["voila_jinja2_env"].globals["token"] = self.identity_provider.token
        return settings

    def listen(self) -> None:
        """Prepare the page, and answer then: a browser that asks sooner would take the processors from the kernel."""
        self.ioloop = IOLoop.current()
        loop = asyncio.get_event_loop()
        try:
            self.log.info("Preparing the page ...")
            loop.run_until_complete(self.kernel_manager.prepared())
        except (KeyboardInterrupt, RuntimeError):  # the latter by a signal that stops the loop
            logging.disable()  # what is interrupted would report that its kernel ended
            with contextlib.suppress(TimeoutError, KeyboardInterrupt):  # an interrupted start may never come to an end
                loop.run_until_complete(asyncio.wait_for(self.kernel_manager.end_spare(), _END_SECONDS))
            with contextlib.suppress(HTTPError, KeyboardInterrupt):  # of a kernel that was not yet registered
                self.stop()
        else:
            super().listen()

    def init_handlers(self) -> list[Any]:
        """The handlers; those of the page and of its kernel refuse other origins."""
        return [(path, _HANDLERS.get(handler, handler), *rest) for path, handler, *rest in super().init_handlers()]


def serve(notebook: Path, folders: Folders, port: int, *flags: str) -> None:
    """Show `notebook`, the page of these folders, until Ctrl-C; `flags` are those of Voilà."""
    config = Config(FewKernels={"folders": folders})
    config.merge(_DEFAULTS)
    ExplorerApp.launch_instance([str(notebook), f"--port={port}", *flags], config=config)
