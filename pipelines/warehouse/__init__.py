"""The warehouse on disk: its files and lock, the documents in `raw`, and what runs leave."""
