"""What is written by hand lies here as Markdown; what is made from the code is made by these."""
