"""Which details a night asks for when nothing changed: those of invoices that still accrue."""

from __future__ import annotations

# By routes that name the invoice. DigitalOcean's are a summary and items, few enough for one page.
REQUESTS_FOR_DETAILS = """
    SELECT sum(CASE WHEN vendor = 'digitalocean' THEN 2 ELSE 1 END)
    FROM fct_invoices
    WHERE
        payment_status = 'upcoming'
        AND vendor IN ('aiven', 'digitalocean', 'mongodb', 'northflank')
"""
