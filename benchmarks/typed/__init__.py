"""Validation while the text comes, beside the libraries that validate streamed output today."""
