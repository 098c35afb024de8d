"""The release number, said once: packaging, `affidavit --version` and bundle manifests read it here."""

VERSION = "0.1.0"
