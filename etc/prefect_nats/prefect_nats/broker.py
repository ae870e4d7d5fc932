"""The connection to NATS, and the streams and consumers that are made when they are absent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    ConsumerInfo,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError, BadRequestError, NotFoundError
from prefect.logging import get_logger

from prefect_nats import names
from prefect_nats.settings import NatsMessagingSettings

logger = get_logger(__name__)

T = TypeVar("T")

FAILURES = (nats.errors.Error, OSError)
"""What it looks like when NATS is away or refuses; TimeoutError is an OSError."""

_PERMANENT = (
    nats.errors.MaxPayloadError,
    nats.errors.BadHeaderError,
    nats.errors.BadSubjectError,
    BadRequestError,
)
# Prefect reads these only live: a log or a snapshot that nobody waited for is read from elsewhere.
_LIVE_TOPICS = {"logs", "work-pool-worker-channel-snapshots"}
_DUPLICATE_WINDOW = timedelta(minutes=5)
_ATTEMPT = 2.0
_PAUSE = 0.1
_CONNECT_WITHIN = 10.0
_MAX_ACK_PENDING = 20_000
_LIVE_THRESHOLD = 30.0
_APART_THRESHOLD = 300.0  # more than a handler takes
_STREAM_NAME_IN_USE = 10058
# https://github.com/nats-io/nats-server/blob/main/server/errors.json
_REFUSALS = {
    10002: "raise the limits of the account in the server's configuration, or delete streams",
    10023: "raise max_file_store in the server's configuration, or free space on its disk",
    10028: "raise the account's storage limit in the server's configuration, or delete streams",
    10047: "raise max_file_store in the server's configuration, or set a smaller MAX_BYTES",
    10077: "the stream is full or its disk is: `nats stream info` shows which; raise max_bytes by "
    "`nats stream edit --max-bytes`, or let it keep less by `nats stream edit --max-age`",
}


class BrokerError(RuntimeError):
    """NATS did not do what it was asked for, also not later; the message says what to look at."""


class _Client(Client):
    """nats-py's client, but one that wants TLS says nothing to a server that has none."""

    def _connect_command(self) -> bytes:
        server = self._current_server
        wanted = "tls" in self.options or (server is not None and server.uri.scheme == "tls")
        if wanted and not self._server_info.get("tls_required"):
            raise nats.errors.SecureConnWantedError
        command: bytes = super()._connect_command()
        return command


class Broker:
    """One connection, shared by everything in this process that runs on this event loop."""

    _brokers: ClassVar[dict[asyncio.AbstractEventLoop, Broker]] = {}
    _process: ClassVar[int] = 0

    def __init__(self, settings: NatsMessagingSettings) -> None:
        self.settings = settings
        self._connecting = asyncio.Lock()
        self._client: Client | None = None
        self._jetstream: JetStreamContext | None = None
        self._streams: set[str] = set()

    @classmethod
    def current(cls) -> Broker:
        """The broker of the running loop; connects when it is first used."""
        if cls._process != os.getpid():  # a fork must not write to its parent's socket
            cls._brokers, cls._process = {}, os.getpid()
        loop = asyncio.get_running_loop()
        if loop not in cls._brokers:
            cls._brokers = {kept: b for kept, b in cls._brokers.items() if not kept.is_closed()}
            cls._brokers[loop] = Broker(NatsMessagingSettings())
        return cls._brokers[loop]

    async def close(self) -> None:
        """Closes the connection; what is used afterwards connects anew."""
        self._brokers.pop(asyncio.get_running_loop(), None)
        if self._client is not None:
            await self._client.close()

    async def jetstream(self) -> JetStreamContext:
        """JetStream on the shared connection, which mends itself. Raises one of FAILURES."""
        async with self._connecting:
            if self._client is None or self._client.is_closed or self._jetstream is None:
                self._client = await _connected(self.settings)
                self._jetstream = self._client.jetstream()
                self._streams.clear()
            return self._jetstream

    @property
    def client(self) -> Client:
        """The connection that `jetstream()` made."""
        if self._client is None:
            raise nats.errors.ConnectionClosedError
        return self._client

    def forget(self, topic: str) -> None:
        """Looks for the topic's stream again before the next use: it may have been deleted."""
        self._streams.discard(names.stream_name(self.settings.stream_prefix, topic))

    async def stream(self, topic: str) -> str:
        """The name of the topic's stream, made when it was absent and left as it is otherwise."""
        name = names.stream_name(self.settings.stream_prefix, topic)
        if name not in self._streams:
            jetstream = await self.jetstream()
            try:
                await jetstream.stream_info(name)
            except NotFoundError:
                try:
                    await jetstream.add_stream(self._stream_config(name, topic))
                except BadRequestError as error:
                    if error.err_code != _STREAM_NAME_IN_USE:  # another was faster
                        raise
            self._streams.add(name)
        return name

    def _stream_config(self, name: str, topic: str) -> StreamConfig:
        age = timedelta() if topic == names.DEAD_LETTERS else self.settings.max_age
        if topic in _LIVE_TOPICS:
            age = _DUPLICATE_WINDOW
        window = min(age, _DUPLICATE_WINDOW) if age else _DUPLICATE_WINDOW
        return StreamConfig(
            name=name,
            subjects=[names.topic_subject(self.settings.stream_prefix, topic, ">")],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            max_age=age.total_seconds(),
            max_bytes=self.settings.max_bytes,
            duplicate_window=window.total_seconds(),
            num_replicas=self.settings.replicas,
        )

    async def durable(self, topic: str, group: str) -> ConsumerInfo:
        """The consumer that a group shares, made when it was absent and left as it is otherwise."""
        stream, jetstream = await self.stream(topic), await self.jetstream()
        name = names.durable_name(topic, group)
        try:
            info: ConsumerInfo = await jetstream.consumer_info(stream, name)
        except NotFoundError:
            config = ConsumerConfig(
                durable_name=name,
                filter_subject=names.durable_filter(self.settings.stream_prefix, topic, group),
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=self.settings.consumer_ack_wait.total_seconds(),
                max_deliver=-1,  # the server must never give up a message on its own
                max_ack_pending=_MAX_ACK_PENDING,
            )
            info = await jetstream.add_consumer(stream, config)
        return info

    async def last_sequence(self, topic: str) -> int:
        """The sequence of the last message that the topic's stream has stored, 0 of none."""
        stream, jetstream = await self.stream(topic), await self.jetstream()
        last: int = (await jetstream.stream_info(stream)).state.last_seq
        return last

    async def live(self, topic: str, after: int | datetime) -> ConsumerInfo:
        """A new consumer of what came after a sequence or since a time: one reader, no acks.

        The server forgets it half a minute after it was last asked for messages.
        """
        start: dict[str, Any]
        if isinstance(after, datetime):
            start = {"deliver_policy": DeliverPolicy.BY_START_TIME, "opt_start_time": after}
        else:
            if after > await self.last_sequence(topic):  # it is another stream of that name
                after = 0
            start = {"deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": after + 1}
        config = ConsumerConfig(
            name=f"live-{uuid.uuid4().hex}",
            **start,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=_LIVE_THRESHOLD,
            num_replicas=1,
            mem_storage=True,
        )
        jetstream = await self.jetstream()
        made: ConsumerInfo = await jetstream.add_consumer(await self.stream(topic), config)
        return made

    async def apart(self, topic: str, subject: str, first: int) -> ConsumerInfo:
        """A new consumer of one subject's messages from a sequence on, with acks: one reader.

        The server forgets it some time after it was last asked for messages.
        """
        config = ConsumerConfig(
            name=f"live-{uuid.uuid4().hex}",
            filter_subject=subject,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=first,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self.settings.consumer_ack_wait.total_seconds(),
            max_deliver=-1,
            inactive_threshold=_APART_THRESHOLD,
            num_replicas=1,
            mem_storage=True,
        )
        jetstream = await self.jetstream()
        made: ConsumerInfo = await jetstream.add_consumer(await self.stream(topic), config)
        return made

    async def ask(self, call: str, request: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer of JetStream's API as it came, with what this client does not know too."""
        await self.jetstream()
        body = b"" if request is None else json.dumps(request).encode()
        reply = await self.client.request(f"$JS.API.{call}", body, timeout=_ATTEMPT)
        answer: dict[str, Any] = json.loads(reply.data)
        if "error" in answer:
            raise APIError.from_error(answer["error"])
        return answer

    async def insist(self, topic: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Makes the attempt until it succeeds, for as long as `publisher_ack_timeout`.

        Raises BrokerError after that, and at once what no other attempt would change.
        """
        patience = self.settings.publisher_ack_timeout.total_seconds()
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            try:
                return await attempt()
            except _PERMANENT:
                raise
            except FAILURES as error:
                if asyncio.get_running_loop().time() + _PAUSE >= deadline:
                    raise BrokerError(
                        f"NATS could not be used for topic {topic!r} within {patience:g} s: "
                        f"{_cause(error)}"
                    ) from error
                self.forget(topic)
                await asyncio.sleep(_PAUSE)


def _cause(error: Exception) -> str:
    """What went wrong, in the server's own words where it said some, and what to do about it."""
    if isinstance(error, APIError):
        hint = _REFUSALS.get(error.err_code or 0, "the server's log may say more")
        return f"the server said {error.description!r} (error code {error.err_code}): {hint}"
    return f"{type(error).__name__}: {error}; is the server up, is JetStream on?"


async def publish(topic: str, token: str, data: bytes, headers: dict[str, str]) -> None:
    """Returns when the topic's stream has stored the message. Raises BrokerError when it has not.

    A `Nats-Msg-Id` among the headers makes it safe that it may be sent more than once.
    """
    broker = Broker.current()
    subject = names.topic_subject(broker.settings.stream_prefix, topic, token)

    async def attempt() -> None:
        await broker.stream(topic)
        jetstream = await broker.jetstream()
        _must_fit(broker.client.max_payload, data, headers)
        await jetstream.publish(subject, data, timeout=_ATTEMPT, headers=headers)

    await broker.insist(topic, attempt)


def _must_fit(most: int, data: bytes, headers: dict[str, str]) -> None:
    """The server would close the connection of all over one message that is too large."""
    size = len(data) + sum(len(name) + len(value) + 4 for name, value in headers.items()) + 12
    if size > most:
        raise BrokerError(
            f"a message of {size} bytes with its headers, and the server takes {most}: "
            "set `max_payload: 8MB` in its configuration"
        )


async def _connected(settings: NatsMessagingSettings) -> Client:
    client = _Client()
    try:
        patience = min(_CONNECT_WITHIN, settings.publisher_ack_timeout.total_seconds())
        await asyncio.wait_for(client.connect(**_options(settings)), patience)
    except BaseException:
        with contextlib.suppress(*FAILURES):
            await client.close()
        raise
    return client


def _options(settings: NatsMessagingSettings) -> dict[str, Any]:
    async def on_error(error: Exception) -> None:
        logger.warning("NATS: %s: %s", type(error).__name__, error)

    options = {
        "servers": [url.strip() for url in settings.url.get_secret_value().split(",")],
        "name": "prefect-nats",
        "user": settings.user,
        "password": settings.password and settings.password.get_secret_value(),
        "token": settings.token and settings.token.get_secret_value(),
        "user_credentials": settings.creds and str(settings.creds),
        "nkeys_seed": settings.nkey_seed_file and str(settings.nkey_seed_file),
        "tls": _tls(settings),
        "error_cb": on_error,
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": 0.5,
        "ping_interval": 20,
    }
    return {name: value for name, value in options.items() if value is not None}


def _tls(settings: NatsMessagingSettings) -> ssl.SSLContext | None:
    if not (settings.tls_ca or settings.tls_cert or settings.tls_key):
        return None
    context = ssl.create_default_context(cafile=settings.tls_ca)
    if settings.tls_cert:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    return context
