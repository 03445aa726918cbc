"""The copy that people and BI tools open: writing it, reading it, and exports of it."""
