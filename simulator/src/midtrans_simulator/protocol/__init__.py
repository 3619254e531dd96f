"""What Midtrans's documents say, as pure functions and tables: no clock, no memory, no network."""
