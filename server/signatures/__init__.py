"""Who must sign what in which order, with which key; and what a check of signatures found."""
