"""A run's files: written whole, sealed by a manifest, verified when read."""
