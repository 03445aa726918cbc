"""dlt's configuration, as the job needs it."""
