"""Judged sets from a user's own tickets: what is asked, in which order, and where answers stay."""
