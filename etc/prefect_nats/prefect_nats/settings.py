"""The settings, in Prefect's own manner: environment, `.env`, `prefect.toml` and profiles."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect.settings.base import PrefectBaseSettings, build_settings_config
from pydantic import AliasChoices, AliasPath, Field, SecretStr, field_validator


def _also(name: str, fallback: str) -> AliasChoices:
    """`PREFECT_NATS_MESSAGING_<name>`, else the variable that NATS' own tools read."""
    return AliasChoices(AliasPath(name), f"prefect_nats_messaging_{name}", fallback)


class NatsMessagingSettings(PrefectBaseSettings):
    """`PREFECT_NATS_MESSAGING_<NAME>`; all have defaults. Durations are seconds or ISO 8601."""

    model_config = build_settings_config(("nats", "messaging"))

    url: SecretStr = Field(
        default=SecretStr("nats://localhost:4222"),
        description="URLs of the servers, separated by commas; tls:// refuses a server without TLS",
        validation_alias=_also("url", "nats_url"),
    )
    user: str | None = Field(
        default=None, description="User name", validation_alias=_also("user", "nats_user")
    )
    password: SecretStr | None = Field(
        default=None,
        description="Password of the user",
        validation_alias=_also("password", "nats_password"),
    )
    token: SecretStr | None = Field(
        default=None,
        description="Authentication token",
        validation_alias=_also("token", "nats_token"),
    )
    creds: Path | None = Field(
        default=None,
        description="File with a user JWT and its seed",
        validation_alias=_also("creds", "nats_creds"),
    )
    nkey_seed_file: Path | None = Field(
        default=None,
        description="File with an nkey seed",
        validation_alias=_also("nkey_seed_file", "nats_nkey"),
    )
    tls_ca: Path | None = Field(
        default=None,
        description="Certificates to trust instead of the system's",
        validation_alias=_also("tls_ca", "nats_ca"),
    )
    tls_cert: Path | None = Field(
        default=None,
        description="Client certificate",
        validation_alias=_also("tls_cert", "nats_cert"),
    )
    tls_key: Path | None = Field(
        default=None,
        description="Key of the client certificate",
        validation_alias=_also("tls_key", "nats_key"),
    )
    stream_prefix: str = Field(
        default="PREFECT",
        pattern="^[A-Z0-9_-]{1,32}$",
        description="Begins the streams' names and, in lower case, the subjects",
    )
    replicas: int = Field(default=1, ge=1, le=5, description="Replicas of streams it creates")
    max_age: timedelta = Field(
        default=timedelta(days=7),
        ge=timedelta(),
        description="How long streams that it creates keep a message; 0 keeps it for ever",
    )
    max_bytes: int = Field(
        default=-1,
        ge=-1,
        description="The most bytes in a stream that it creates, which then takes no more; -1: all",
    )
    publisher_ack_timeout: timedelta = Field(
        default=timedelta(seconds=30),
        gt=timedelta(),
        description="How long a message is sent again until the stream has stored it",
    )
    publisher_max_in_flight: int = Field(
        default=32, ge=1, description="Messages of one publisher that wait for their confirmation"
    )
    consumer_ack_wait: timedelta = Field(
        default=timedelta(seconds=30),
        ge=timedelta(seconds=1),
        description="After how long the messages of a consumer that vanished go to another",
    )
    consumer_max_retries: int = Field(
        default=3, ge=0, description="How often a message that failed is delivered again"
    )
    consumer_retry_delay: timedelta = Field(
        default=timedelta(seconds=1),
        ge=timedelta(),
        description="After how long a message that failed is delivered again",
    )
    narrow_triggers: bool = Field(
        default=False,
        description="Whether reactive triggers are given events of task runs only while an "
        "automation can match one",
    )

    @field_validator(
        "max_age",
        "publisher_ack_timeout",
        "consumer_ack_wait",
        "consumer_retry_delay",
        mode="before",
    )
    @classmethod
    def _seconds(cls, value: Any) -> Any:
        """The environment has only text, and in text a bare number is no duration."""
        try:
            return float(value) if isinstance(value, str) else value
        except ValueError:
            return value
