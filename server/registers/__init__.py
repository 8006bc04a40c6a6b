"""Register books and numbering: format profiles, series, outgoing and incoming books, the postal book."""
