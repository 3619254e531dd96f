"""What every face over HTTP shares: who is calling, how a refusal looks, which limits and headers hold."""
