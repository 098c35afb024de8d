"""The log: journal, recorder, reader and keys behind one facade. Open `audit_log.py` first."""
