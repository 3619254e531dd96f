"""The gateway Midtrans as seen from us: what we send, what we believe, what we refuse."""
