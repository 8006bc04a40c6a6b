"""Files: what comes in is judged, kept once by digest, and handed out to those who may see it."""
