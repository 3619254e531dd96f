"""What answers on the Core host: `/v2/...`."""
