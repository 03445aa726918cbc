"""Acme Cloud, for Billhouse. Nothing is imported here: a build only looks for the SQL beside."""
