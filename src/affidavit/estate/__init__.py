"""Estate: a labelled, invented school, clinic, shop, payment service and IT, with planted findings for every report.

People, places and deeds are made up from a seed; `expectations.toml` says what reports must find and must not.
"""
