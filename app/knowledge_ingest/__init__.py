"""Keeps the index equal to a bucket, object by object."""
