"""Tickets: what they are, where they are kept, and what may be done with them."""
