"""What happens to money: attempts, the acts that change them, refunds, subscriptions."""
