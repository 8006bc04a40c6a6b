"""Documents: drafted, commented, checked for form, approved, signed, numbered, sealed, issued."""
