"""What a delta costs: this library beside its peers, as ratios measured in one run."""
