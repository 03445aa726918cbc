"""The configured accounts: read, validated, and checked against the vendor."""
