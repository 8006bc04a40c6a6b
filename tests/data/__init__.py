"""Test data, built by scripts; names tell the defect."""
