"""JSON over HTTP: thin. Reads a request, calls one use case, writes its answer."""
