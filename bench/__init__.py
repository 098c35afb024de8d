"""Measurements of Affidavit: side by side with what a plain program would do, in the same run, on the same events."""
