#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// Configuration as data. A `Config` struct's default member initializers are the defaults; its
/// `fields()` binds each member to a name, a range and a line of help. Loading, environment names,
/// the JSON Schema, `config show` and the tables in the docs are derived from that alone.
namespace hangar {

using Duration = std::chrono::milliseconds;

/// A value that no output ever shows.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_{std::move(value)} {}
  [[nodiscard]] const std::string& reveal() const noexcept { return value_; }
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string value_;
};

/// A connection URL: shown with its password masked.
struct Url {
  std::string value;
  bool operator==(const Url&) const = default;
};

/// A size in bytes: `64MiB`, `8MB`, `1024`.
struct ByteSize {
  std::uint64_t value = 0;
  auto operator<=>(const ByteSize&) const = default;
};

/// One bound member. In YAML and the environment durations are `500ms`, `5s`, `2m`, `24h` or plain
/// seconds; lists are YAML sequences, in the environment separated by commas.
struct Field {
  using Target = std::variant<bool*, std::int64_t*, std::string*, Secret*, Url*, Duration*,
                              ByteSize*, std::vector<std::string>*, std::vector<Duration>*>;
  std::string name;
  std::string help;
  Target target = static_cast<bool*>(nullptr);
  /// Bounds of a number, of a duration in milliseconds, of a size in bytes; both are allowed.
  std::int64_t minimum = 0;
  std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
  /// The words that a string may be, which a user may write in upper case; empty means any.
  std::vector<std::string> choices{};
  /// Variables of other programs that set it too: the first of them that is set and not empty, when
  /// nothing of Hangar's own sets it. A number or duration beyond the bounds is the nearest bound
  /// then, with a warning.
  std::vector<std::string> other_variables{};
  /// A smaller number from such a variable is taken, with a warning.
  std::int64_t least_advised = 0;

  Field& range(std::int64_t least, std::int64_t most) {
    minimum = least;
    maximum = most;
    return *this;
  }
  Field& one_of(std::vector<std::string> words) {
    choices = std::move(words);
    return *this;
  }
  Field& also_set_by(std::vector<std::string> variables, std::int64_t least = 0) {
    other_variables = std::move(variables);
    least_advised = least;
    return *this;
  }
};

/// Settings of another program that are settings of Hangar's too.
struct OtherSettings {
  /// A file in which that program looks for them, and Hangar does not.
  struct File {
    /// Where it is: the first whose variables, `${NAME}`, are all set and not empty.
    std::vector<std::string> places;
    std::string table{};  ///< The TOML table that holds them all; empty: the whole file.
    /// A key `a.b` of that table is the variable `<prefix>A_B`. Empty: keys are variables.
    std::string prefix{};
  };
  /// A variable that holds many of them as one JSON text, which Hangar does not read.
  struct Block {
    std::string variable;
    /// It holds some of these settings only when its text has this word, in any case.
    std::string word{};
  };
  std::vector<std::string> prefixes;  ///< What the names of their variables begin with.
  /// Of those, what only that program itself is meant to take: no word is said of them.
  std::vector<std::string> left_alone{};
  std::vector<File> files{};
  /// When one is set, and not each field that it may be about is set by Hangar's own, the
  /// configuration is in error: of a block Hangar takes all or nothing.
  std::vector<Block> blocks{};
};

/// What `fields()` fills: members, and groups that are nested maps in YAML.
class Fields {
 public:
  Fields() = default;
  Fields(std::string name, std::string help) : name_{std::move(name)}, help_{std::move(help)} {}

  /// Binds a member; the reference stays valid as long as these fields.
  Field& add(std::string name, Field::Target target, std::string help) {
    Field& field = fields_.emplace_back();
    field.name = std::move(name);
    field.target = target;
    field.help = std::move(help);
    return field;
  }
  /// A member that was added before. Throws std::out_of_range when there is none of that name.
  Field& at(std::string_view name) {
    for (Field& field : fields_) {
      if (field.name == name) return field;
    }
    throw std::out_of_range{"there is no field " + std::string{name}};
  }
  /// Opens a nested map; the reference stays valid as long as these fields.
  Fields& group(std::string name, std::string help) {
    return groups_.emplace_back(std::move(name), std::move(help));
  }
  /// Names settings of another program, none of which may be ignored without a word: a variable of
  /// theirs that no field is also set by is warned of.
  void watch(OtherSettings settings) { watched_.push_back(std::move(settings)); }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& help() const noexcept { return help_; }
  [[nodiscard]] const std::list<Field>& fields() const noexcept { return fields_; }
  [[nodiscard]] const std::list<Fields>& groups() const noexcept { return groups_; }
  [[nodiscard]] const std::vector<OtherSettings>& watched() const noexcept { return watched_; }

 private:
  std::string name_;
  std::string help_;
  std::list<Field> fields_;
  std::list<Fields> groups_;
  std::vector<OtherSettings> watched_;
};

}  // namespace hangar
