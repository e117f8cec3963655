"""Online experiments: their definitions, the arms of users, the log of lists and events, and what it tells."""
