"""Conversations: who owns which, what each turn emitted, and approvals that wait for a human."""
