"""The page at `/`: everything that happens here, live, with buttons to make more happen."""
