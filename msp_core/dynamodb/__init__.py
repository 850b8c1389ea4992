"""DynamoDB tables as the stores use them. Never a Scan."""
