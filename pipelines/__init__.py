"""The job that brings invoices into the warehouse, and the command line around it."""
