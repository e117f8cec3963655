"""The web server: an HTTP API, a page, and a store of watchlists and feedback."""

from cinematch_lib.errors import require_extra

require_extra("serve", "fastapi", "prometheus_client", "pydantic", "uvicorn")
