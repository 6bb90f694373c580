"""Where the time goes: the whole path of a recorded stream, floor by floor, bytes to bytes."""
