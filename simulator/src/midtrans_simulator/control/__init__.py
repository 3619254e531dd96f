"""What only a simulator has: the control plane under `/_control`."""
