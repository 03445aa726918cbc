"""HTTP on behalf of one account: tries, limits, paging, authentication. Knows no vendor."""
