"""Planning: pure functions of desired, recorded and actual state. Clock and randomness are arguments."""
