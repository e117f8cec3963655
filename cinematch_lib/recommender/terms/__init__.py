"""The terms of the score, one a module; see `base.Term` for their contract and `scoring` for their sum."""
