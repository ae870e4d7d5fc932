"""Prefect's message broker on NATS JetStream: name `prefect_nats.messaging` in its settings."""
