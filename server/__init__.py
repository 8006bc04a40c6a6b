"""The application: one room for each thing it does."""
