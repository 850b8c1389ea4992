"""Which model answers a turn, and what that costs."""
