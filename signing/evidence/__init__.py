"""Evidence keys and the XML of evidence (ETSI EN 319 522-3): bytes in, bytes out."""
