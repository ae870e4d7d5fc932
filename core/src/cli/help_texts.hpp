#pragma once

/// Texts of `--help`.
namespace hangar::cli {

inline constexpr const char* settings_help =
    "Settings, for every command:\n"
    "  -c,--config FILE          YAML file, or folder of *.yaml; later ones win; may be repeated\n"
    "  --set nats.url=URL        one value by its path; may be repeated; wins over everything\n"
    "  HANGAR_NATS_URL=URL       the same as an environment variable; wins over files\n"
    "`hangar config show` prints every setting, `hangar config example` a file with all of them.";

inline constexpr const char* examples =
    "Hangar hosts services on NATS JetStream. Examples:\n"
    "  hangar run                                   everything embedded, rows in a file\n"
    "  hangar run -c /etc/hangar/hangar.yaml        as configured\n"
    "  hangar publish events.jsonl                  publish a file of events\n"
    "  hangar run --until-drained                   record what is there, then exit\n"
    "  hangar status                                what runs here, how far it is behind\n"
    "  hangar top                                   the same, live\n"
    "  hangar dlq ls                                what could not be recorded, and why\n"
    "  hangar dlq replay --reason orphan_flow_run   try it again\n"
    "  hangar replay --since 2h                     record again, after a restored backup\n"
    "  hangar doctor                                what is not as it should be, and what to do\n"
    "  hangar verify --sample 1000                  are the rows those that the events say?\n"
    "  hangar config show                           every setting and where it comes from\n";

inline constexpr const char* exit_codes =
    "Exit codes: 0 done; 1 failed, or what was asked for is not so; 2 usage; 69 NATS or the\n"
    "database cannot be reached; 75 draining took too long; 78 configuration. `hangar check` has\n"
    "those of Nagios.";

inline constexpr const char* replay_help =
    "The same recorder applies them up to the streams' present end; what is recorded already "
    "stays as it\nis, and the services' own consumers stay where they are. A host may run "
    "beside it. Examples:\n"
    "  hangar replay --since 2h                     what was stored in the last two hours\n"
    "  hangar replay --since 2026-11-24T08:30:00Z   from the time of the restored backup on\n"
    "  hangar replay --sequence 1                   everything that is still there\n"
    "Exit codes: 0 all applied, 1 not all, 2 usage, 69 NATS or the database cannot be "
    "reached, 78\nconfiguration or no such stream.";

}  // namespace hangar::cli
