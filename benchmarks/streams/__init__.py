"""What becomes of a broken stream in the hands of each client, and what decoding one costs."""
