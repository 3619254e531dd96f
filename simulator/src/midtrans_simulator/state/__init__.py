"""What one simulator remembers, and the clock it lives by."""
