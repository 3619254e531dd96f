"""The one way in for money from outside: the webhook, and the queue in which notifications wait together."""
