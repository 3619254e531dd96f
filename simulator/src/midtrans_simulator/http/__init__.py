"""What the hosts share: who calls, faults of the line, pages and their words."""
