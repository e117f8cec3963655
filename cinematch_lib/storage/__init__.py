"""Files and folders that are whole or not there, locks, paths, and the cost of a step."""
