"""How fast Billhouse is, beside the practical limit and what else one would take: `make bench`."""
