#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"
#include "hangar/error.hpp"
#include "hangar/service.hpp"
#include "host/host_config.hpp"

namespace hangar {

/// A service with every kind of setting.
struct SampleConfig : ReaderConfig {
  std::vector<Duration> delays{Duration{60'000}, Duration{120'000}};
  ByteSize buffer{1U << 20U};
  std::string format = "text";

  SampleConfig() : ReaderConfig{"PREFECT_EVENTS", "prefect.events.>", ""} {}
  void fields(Fields& fields) {
    ReaderConfig::fields(fields);
    fields.at("batch_size").also_set_by({"OTHERS_BATCH", "OTHERS_OLD_BATCH"}, 50);
    fields.add("delays", &delays, "Waits before each retry").range(0, 3'600'000);
    fields.add("buffer", &buffer, "Bytes to hold").range(1024, 1LL << 30U);
    fields.add("format", &format, "How | it looks").one_of({"text", "json"});
  }
};

/// The real host's configuration and two services, files in a folder of their own, and a load.
struct Workbench {
  HostConfig host;
  SampleConfig sample;
  ReaderConfig plain{"PREFECT_EVENTS", "prefect.events.>", ""};
  Sections sections;
  LoadInputs inputs;
  Loaded loaded;
  std::filesystem::path folder;

  Workbench() {
    static std::atomic<int> number = 0;
    folder = std::filesystem::temp_directory_path() /
             ("hangar-config-" + std::to_string(::getpid()) + "-" + std::to_string(++number));
    std::filesystem::create_directories(folder);
    host.fields(sections.host);
    sample.fields(sections.services.try_emplace("sample", "sample", "Shows all").first->second);
    plain.fields(sections.services.try_emplace("plain", "plain", "Shows little").first->second);
  }
  Workbench(const Workbench&) = delete;
  Workbench& operator=(const Workbench&) = delete;
  ~Workbench() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  std::filesystem::path write(std::string_view name, std::string_view text) const {
    std::filesystem::path path = folder / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream{path, std::ios::binary} << text;
    return path;
  }
  Workbench& file(std::string_view text, std::string_view name = "hangar.yaml") {
    inputs.files.push_back(write(name, text));
    return *this;
  }
  Workbench& variable(const std::string& name, const std::string& value) {
    inputs.environment[name] = value;
    return *this;
  }
  Workbench& set(const std::string& text) {
    inputs.sets.push_back(text);
    return *this;
  }

  Workbench& load() {
    loaded = hangar::load(sections, inputs);
    return *this;
  }
  /// The report of a load that must fail, without the folder.
  std::string errors() {
    try {
      load();
    } catch (const ConfigError& error) {
      std::string report = error.what();
      const std::string prefix = folder.native() + "/";
      for (std::size_t at = report.find(prefix); at != std::string::npos;
           at = report.find(prefix)) {
        report.erase(at, prefix.size());
      }
      return report;
    }
    return "no error";
  }
  std::string origin(const std::string& path) const {
    const std::string origin = loaded.origins.at(path);
    const std::string prefix = folder.native() + "/";
    return origin.starts_with(prefix) ? origin.substr(prefix.size()) : origin;
  }
};

}  // namespace hangar
