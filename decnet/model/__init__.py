"""The nouns of the house: values only, no input or output, no clock, no dice."""
