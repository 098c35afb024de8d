"""Cases: things with a clock. Subject requests and incidents, their deadlines, and the reference data of reports."""
