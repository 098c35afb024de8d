"""Reports: frameworks, controls and reports as data, and one engine that runs them and knows none of them by name."""
