"""How a field is shown to a reader: masks, profiles, tokens, detectors. No file, no clock, no randomness."""
