"""Exports: select, mask, write, prove. Open run.py first."""
