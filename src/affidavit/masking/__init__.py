"""How a field is shown to a reader: masks, profiles, tokens, detectors. Pure: no file, no clock, no chance."""
