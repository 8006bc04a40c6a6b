"""A certification authority for development, tests and nodes: profiles, issue, revoke, CRL."""
