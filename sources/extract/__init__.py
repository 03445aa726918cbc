"""From accounts to whole listings of documents, and to dlt's resources."""
