"""The words of the domain: genres, titles, services, and how their spellings are compared."""
