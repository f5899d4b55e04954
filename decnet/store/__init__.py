"""What the operator's machine keeps: desired, recorded, seen, events, audit, and the lock around them."""
