"""The whole history of the twin in one file, and back."""
