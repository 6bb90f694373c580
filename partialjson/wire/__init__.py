"""The wire tower: bytes of a provider's stream to deltas of text, and the honest end of it.

It knows nothing of JSON values: what it must know of them is handed to it.
"""
