"""What Tuntas costs, measured beside others on the same machine. `python -m bench` runs everything."""
