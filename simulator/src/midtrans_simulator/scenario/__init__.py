"""Stories in YAML, played against a simulator and a shop."""
