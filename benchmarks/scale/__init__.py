"""What shards take on this machine, and what that says of a night that is larger than it:
`make scale-figures`."""
