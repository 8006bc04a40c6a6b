"""The first run: what an installation still lacks before its first document can go out."""
