"""Checks a data folder and the judged sets made from it."""
