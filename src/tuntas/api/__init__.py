"""JSON over HTTP: thin. Reads a request, calls one use case, writes its answer."""

PREFIXES_MEANT = ("/api", "/v1")
"""What people type instead of `/api/v1`: answered alike, as for the webhook."""
