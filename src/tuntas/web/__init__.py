"""Pages for customers, rendered on the server; they read the same use cases as the API."""
