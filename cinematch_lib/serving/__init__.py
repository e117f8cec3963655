"""The web server: an HTTP API, a page, and a store of watchlists and feedback."""
