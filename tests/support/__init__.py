"""What the Python tests share: real servers, a Prefect of their own, and rows that compare."""
