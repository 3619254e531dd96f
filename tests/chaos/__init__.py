"""Chaos: processes are killed while money moves; afterwards Midtrans's truth and our books must agree."""
