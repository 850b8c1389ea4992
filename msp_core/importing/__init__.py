"""Brings the exports of other help desks into the files of this workbench."""
