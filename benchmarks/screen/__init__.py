"""What a screen costs: bytes on the wire, operations, and frames of a real browser."""
