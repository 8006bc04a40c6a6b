"""PAdES signatures (ETSI EN 319 142-1): fields prepared, appearances, embedding."""
