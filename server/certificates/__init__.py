"""Certificates of persons and bodies: inventory, requests, trust anchors; our own authority published."""
