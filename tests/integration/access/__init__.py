"""Who may do what, tried on every route."""
