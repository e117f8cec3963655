"""The analyst's page as a web page: Voilà for this computer alone, with a token, few kernels, and no other hosts."""

import asyncio
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

TEMPLATES = Path(__file__).parent / "templates"
MOST_KERNELS = 3
IDLE_SECONDS = 120  # that a kernel without a page is kept
_CHECK_SECONDS = 30
_FULL = (
    f"{MOST_KERNELS} pages are open already, each with a process of its own. Close one and load this page again. The "
    f"processes of pages that were not closed in a browser end after {IDLE_SECONDS // 60} minutes."
)

# Hosts other than localhost and loopback addresses are refused, and with them the origins that equal them.
DEFAULTS = Config(
    Voila={"ip": "127.0.0.1", "auto_token": True, "tornado_settings": {"allow_remote_access": False}},
    VoilaConfiguration={"multi_kernel_manager_class": f"{__spec__.name}.FewKernels", "file_allowlist": []},
    MappingKernelManager={"cull_idle_timeout": IDLE_SECONDS, "cull_interval": _CHECK_SECONDS},
)


class FewKernels(AsyncMappingKernelManager):
    """Starts MOST_KERNELS kernels at most, and ends those without a page."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._starting = asyncio.Lock()

    async def start_kernel(self, **options: Any) -> str:
        """Start a kernel; returns its id. Raises HTTPError if too many run."""
        async with self._starting:
            if len(self) >= MOST_KERNELS:
                raise HTTPError(503, _FULL)
            return await super().start_kernel(**options)


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


class _Channels(_OwnOrigin, VoilaKernelWebsocketHandler):
    pass


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

    def init_handlers(self) -> list[Any]:
        """The handlers; those of the page and of its kernel refuse other origins."""
        return [(path, _HANDLERS.get(handler, handler), *rest) for path, handler, *rest in super().init_handlers()]


if __name__ == "__main__":
    ExplorerApp.launch_instance(config=DEFAULTS)
