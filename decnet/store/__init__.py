"""The operator's state: desired, recorded, last seen, events, audit log, and the lock for all of them."""
