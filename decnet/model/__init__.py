"""The data model: values only, without I/O, clock or randomness."""
