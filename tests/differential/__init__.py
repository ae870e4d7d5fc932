"""Hangar against the real Prefect recorder, on streams that nobody wrote by hand."""
