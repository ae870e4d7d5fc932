"""The core scenarios, each with the test that shows it: ctest's name, then the law within it."""

from __future__ import annotations

from typing import NamedTuple


class Scenario(NamedTuple):
    id: str
    fault: str
    # The name of a test as ctest lists it.
    test: str
    # The method or the GoogleTest case; empty where the whole test shows it.
    law: str = ""


SCENARIOS = (
    Scenario(
        "A1",
        "kill -9 again and again under load, PostgreSQL",
        "faults.kill_postgres",
        "test_killed_under_load_loses_and_doubles_nothing_on_postgres",
    ),
    Scenario(
        "A2",
        "killed between COMMIT and ack",
        "faults.failpoints",
        "test_killed_between_commit_and_ack_it_writes_nothing_again",
    ),
    Scenario(
        "A2",
        "killed at random places between pull and ack, again and again",
        "faults.failpoints",
        "test_ended_anywhere_again_and_again_it_loses_and_doubles_nothing",
    ),
    Scenario(
        "A2",
        "killed between a dead letter's PubAck and the ack",
        "faults.failpoints",
        "test_killed_before_the_ack_of_a_dead_letter_it_stores_no_second_one",
    ),
    Scenario(
        "A3",
        "killed before COMMIT",
        "faults.failpoints",
        "test_killed_before_commit_it_leaves_nothing",
    ),
    Scenario(
        "A4",
        "frozen beyond ack_wait, another replica takes over",
        "faults.process",
        "test_frozen_beyond_ack_wait_it_is_replaced_and_does_no_harm_when_it_wakes",
    ),
    Scenario(
        "A5",
        "SIGTERM under load",
        "faults.process",
        "test_ended_by_a_signal_under_load_it_leaves_the_rest_at_once",
    ),
    Scenario(
        "A6",
        "second SIGTERM or SIGINT while it drains, SIGHUP",
        "faults.process",
        "test_second_signal_ends_it_at_once_and_loses_nothing",
    ),
    Scenario(
        "A7",
        "events of 1 MiB within 256 MiB of memory",
        "faults.memory",
        "test_events_of_a_mebibyte_are_recorded_within_256_mib",
    ),
    Scenario(
        "B1",
        "nats-server killed again and again",
        "faults.broker",
        "test_server_killed_again_and_again",
    ),
    Scenario(
        "B2",
        "nats-server down",
        "faults.stream",
        "test_server_that_is_down_is_waited_for_and_does_not_end_the_process",
    ),
    Scenario(
        "B3",
        "the consumer's leader in a cluster of three steps down",
        "faults.cluster",
        "test_leaders_that_step_down_are_followed",
    ),
    Scenario(
        "B4",
        "link to nats-server falls silent without an end",
        "faults.link",
        "test_silent_link_is_noticed_and_replaced",
    ),
    Scenario(
        "B7",
        "consumer deleted while it is read",
        "faults.broker",
        "test_consumer_deleted_while_it_is_read",
    ),
    Scenario(
        "B8",
        "stream deleted and created again with messages in flight",
        "faults.stream",
        "test_stream_deleted_and_created_again_gets_no_ack_of_the_old_one",
    ),
    Scenario("B9", "stream rolled back, consumer ahead of it", "faults.rollback"),
    Scenario(
        "B10",
        "purged before it was read",
        "faults.stream",
        "test_what_the_stream_drops_before_it_is_read_is_counted",
    ),
    Scenario(
        "B11",
        "stream sealed",
        "faults.stream",
        "test_sealed_stream_is_read_to_its_end",
    ),
    Scenario(
        "B16",
        "acks lost on the wire",
        "faults.link",
        "test_events_whose_acks_are_lost_are_delivered_again",
    ),
    Scenario(
        "B18",
        "user locked out and let in again",
        "faults.stream",
        "test_user_who_was_locked_out_goes_on_when_he_is_let_in_again",
    ),
    Scenario(
        "B19",
        "user who may not ack",
        "faults.stream",
        "test_who_may_not_ack_is_not_ready_and_is_told_why",
    ),
    Scenario(
        "B19",
        "user who may not ask JetStream",
        "faults.stream",
        "test_who_may_not_ask_jetstream_is_told_the_subject",
    ),
    Scenario(
        "C1",
        "backends terminated in the middle of transactions",
        "faults.database",
        "test_backends_terminated_in_the_middle_of_transactions",
    ),
    Scenario(
        "C2",
        "answer to COMMIT lost",
        "faults.link",
        "test_commit_whose_answer_is_lost_is_written_again_and_changes_nothing",
    ),
    Scenario(
        "C3",
        "PostgreSQL restarted: fast, immediate, kill -9",
        "faults.database",
        "test_server_restarted_fast_at_once_and_by_kill",
    ),
    Scenario(
        "C4",
        "PostgreSQL down for 10 minutes under load",
        "faults.database",
        "test_outage_is_waited_for_in_bounded_memory",
    ),
    Scenario(
        "C4",
        "one replica's database gone, the other's not",
        "faults.database",
        "test_replica_that_lost_its_database_leaves_what_it_holds_to_another",
    ),
    Scenario(
        "C5",
        "failover to a standby that lags, then `hangar replay`",
        "faults.failover",
        "test_what_a_lagging_standby_never_got_is_there_after_a_replay",
    ),
    Scenario(
        "C6",
        "COMMIT hangs for a synchronous standby that is gone",
        "faults.link",
        "test_commit_that_waits_for_a_standby_in_vain_is_not_acked",
    ),
    Scenario(
        "C9",
        "two replicas read the same missing keys before either writes",
        "faults.failpoints",
        "test_replicas_that_both_found_no_rows_write_each_once",
    ),
    Scenario(
        "C13",
        "a table that is gone",
        "faults.database",
        "test_table_that_is_gone_stops_recording_until_it_is_back",
    ),
    Scenario(
        "C13",
        "a column and a privilege that are gone",
        "faults.database",
        "test_column_or_privilege_that_is_gone_stops_recording_until_it_is_back",
    ),
    Scenario(
        "D2",
        "kill -9 again and again under load, SQLite",
        "faults.kill_sqlite",
        "test_killed_under_load_loses_and_doubles_nothing_on_sqlite",
    ),
    Scenario(
        "F-1",
        "four replicas on one durable",
        "faults.process",
        "test_four_replicas_on_one_durable_record_each_event_once",
    ),
    Scenario(
        "G1",
        "plugin that another user owns",
        "PluginPath.file_or_folder_of_another_user_is_refused",
        "file_or_folder_of_another_user_is_refused",
    ),
    Scenario(
        "G1",
        "plugin that others may write",
        "PluginPath.file_that_others_may_write_is_refused",
        "file_that_others_may_write_is_refused",
    ),
    Scenario(
        "G1",
        "plugin in a folder that others may write",
        "PluginPath.folder_that_others_may_write_is_refused_unless_sticky",
        "folder_that_others_may_write_is_refused_unless_sticky",
    ),
    Scenario(
        "G1",
        "plugin that is a link or a pipe",
        "PluginPath.only_a_regular_file_is_taken",
        "only_a_regular_file_is_taken",
    ),
    Scenario(
        "G1",
        "plugin whose name is no plain word",
        "PluginPath.name_must_be_a_plain_word",
        "name_must_be_a_plain_word",
    ),
    Scenario(
        "G2",
        "library that was cut short",
        "ElfFile.one_that_was_cut_short_anywhere_is_refused",
        "one_that_was_cut_short_anywhere_is_refused",
    ),
    Scenario(
        "G2",
        "libraries that are no plugins of this host",
        "faults.plugins",
        "test_each_is_refused_with_the_reason_and_the_others_are_loaded",
    ),
    Scenario(
        "G2",
        "recording beside plugins that are refused",
        "faults.plugins",
        "test_the_host_records_beside_plugins_that_it_refuses",
    ),
    Scenario(
        "G3",
        "service that throws",
        "faults.plugins",
        "test_a_service_that_fails_fails_alone",
    ),
    Scenario(
        "G3",
        "storage that throws or makes nothing",
        "faults.plugins",
        "test_a_storage_that_cannot_be_made_fails_its_services_with_the_reason",
    ),
    Scenario(
        "G3",
        "service that never stops",
        "faults.plugins",
        "test_a_service_that_never_stops_is_left_when_the_others_have_drained",
    ),
    Scenario(
        "G3",
        "service that keeps the event loop",
        "faults.plugins",
        "test_a_service_that_keeps_the_event_loop_holds_the_end_up_no_longer",
    ),
    Scenario(
        "G3",
        "service that leaves a thread",
        "faults.plugins",
        "test_a_thread_that_a_service_leaves_behind_holds_nothing_up",
    ),
    Scenario(
        "G6",
        "configuration files that are bombs, deep, cyclic, doubled or 100 MiB",
        "cli.commands",
        "test_hostile_files_are_refused_at_once_and_in_little_memory",
    ),
    Scenario(
        "G6",
        "texts of the greatest length that is read",
        "Document.hostile_texts_cost_little",
        "hostile_texts_cost_little",
    ),
    Scenario(
        "G8",
        "secrets of every form, with failing connections",
        "faults.secrets",
        "test_no_secret_is_in_any_output_or_file",
    ),
    Scenario(
        "G9",
        "nats-server that does not prove who it is, six ways",
        "faults.tls",
        "test_nats_server_that_proves_nothing_is_refused_and_told_nothing",
    ),
    Scenario(
        "G9",
        "PostgreSQL that does not prove who it is, six ways",
        "faults.tls",
        "test_postgres_that_proves_nothing_is_refused_and_told_nothing",
    ),
    Scenario(
        "G10",
        "faults at random, again and again",
        "faults.soak",
        "test_faults_again_and_again_lose_nothing_and_nothing_grows",
    ),
)
