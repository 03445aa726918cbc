"""What each vendor billed: its accounts, and the life of each invoice, drawn from a seed."""
