"""What the reference leaves of recorded streams, and Hangar beside it."""
