#include "config/document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <optional>
#include <sstream>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace hangar {
namespace {

constexpr std::size_t most_levels = 64;
constexpr std::size_t most_aliases = 100;
constexpr std::size_t most_values = 10'000;

/// Ends the parsing of a document.
struct Stop {
  Place place;
  std::string why;
};

/// Builds nodes from what the parser sees, so that no limit is passed before it is checked and
/// duplicate keys, which YAML::Node hides, are seen.
class NodeBuilder final : public YAML::EventHandler {
 public:
  NodeBuilder(const std::string& file, Problems& problems) : file_{file}, problems_{problems} {}

  [[nodiscard]] std::shared_ptr<const Node> root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(started_, true)) {
      throw Stop{place(mark), "a second document: a configuration file holds one"};
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto nothing = node(Node::Kind::null, mark);
    // The parser places it where the next thing begins.
    if (!open_.empty() && open_.back().has_key) {
      nothing->place = open_.back().node->entries.back().place;
    }
    put(std::move(nothing), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Stop{place(mark), "an alias within what it stands for"};
    if (expects_key()) throw Stop{place(mark), "an alias cannot be a key"};
    count_aliases(1 + found->second->aliases, place(mark));
    attach(found->second);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    if (expects_key()) return begin_entry(mark, value);
    auto scalar = node(Node::Kind::scalar, mark);
    scalar->scalar = value;
    scalar->quoted = tag == "!";
    put(std::move(scalar), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(Node::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(Node::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    std::shared_ptr<Node> node;
    YAML::anchor_t anchor = 0;
    std::unordered_set<std::string> keys{};
    bool has_key = false;  ///< The last entry waits for its value.
  };

  [[nodiscard]] Place place(const YAML::Mark& mark) const {
    return {file_, mark.line + 1, mark.column + 1};
  }
  [[nodiscard]] std::shared_ptr<Node> node(Node::Kind kind, const YAML::Mark& mark) {
    if (++values_ > most_values) {
      throw Stop{place(mark), fmt::format("more than {} values", most_values)};
    }
    auto made = std::make_shared<Node>();
    made->kind = kind;
    made->place = place(mark);
    return made;
  }
  [[nodiscard]] bool expects_key() const {
    return !open_.empty() && open_.back().node->kind == Node::Kind::map && !open_.back().has_key;
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    const bool none = tag.empty() || tag == "?" || tag == "!";
    if (!none) problems_.add(place(mark), "a tag (!…) means nothing here: remove it");
  }

  void begin_entry(const YAML::Mark& mark, const std::string& key) {
    Open& map = open_.back();
    map.has_key = true;
    map.node->entries.push_back({key, place(mark), nullptr});
    if (key == "<<") {
      problems_.add(place(mark), "'<<' (merge key) is not supported: write the keys out");
    } else if (!map.keys.insert(key).second) {
      problems_.add(place(mark), "duplicate key " + in_quotes(key));
    }
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    check_tag(mark, tag);
    if (expects_key()) throw Stop{place(mark), "a key is a word, not a list or a map"};
    if (open_.size() == most_levels) {
      throw Stop{place(mark), fmt::format("more than {} levels", most_levels)};
    }
    open_.push_back({node(kind, mark), anchor});
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    put(std::move(done.node), done.anchor);
  }

  void put(std::shared_ptr<const Node> done, YAML::anchor_t anchor) {
    if (expects_key()) throw Stop{done->place, "a key is a word, not nothing"};
    if (anchor != YAML::NullAnchor) anchors_[anchor] = done;
    attach(std::move(done));
  }
  void attach(std::shared_ptr<const Node> value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Node& parent = *open_.back().node;
    parent.aliases += value->aliases;
    if (parent.kind == Node::Kind::sequence) {
      parent.items.push_back(std::move(value));
    } else {
      parent.entries.back().value = std::move(value);
      open_.back().has_key = false;
    }
  }
  void count_aliases(std::size_t more, const Place& where) {
    aliases_ += more;
    open_.back().node->aliases += 1;
    if (aliases_ > most_aliases) {
      throw Stop{where, fmt::format("more than {} aliases once expanded", most_aliases)};
    }
  }

  std::string file_;
  Problems& problems_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, std::shared_ptr<const Node>> anchors_;
  std::shared_ptr<const Node> root_;
  std::size_t aliases_ = 0;
  std::size_t values_ = 0;
  bool started_ = false;
};

/// The line that opens more brackets than there may be levels. The parser would hold such a line as
/// a whole before it reports the first of them.
std::optional<int> line_too_deep(std::string_view text) {
  int line = 1;
  std::size_t levels = 0;
  for (const char character : text) {
    if (character == '\n') {
      ++line;
      levels = 0;
    } else if (character == '[' || character == '{') {
      if (++levels > most_levels) return line;
    } else if ((character == ']' || character == '}') && levels > 0) {
      --levels;
    }
  }
  return std::nullopt;
}

/// The first line whose indentation has a tab, up to the one where parsing ended.
std::optional<int> line_with_tab(std::string_view text, int last) {
  for (int line = 1; line <= last && !text.empty(); ++line) {
    const std::string_view indentation = text.substr(0, text.find_first_not_of(" \t"));
    if (indentation.find('\t') != std::string_view::npos) return line;
    const std::size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return std::nullopt;
}

/// What the parser's words mean for who wrote the file.
std::string_view explanation(std::string_view message) {
  if (message == "illegal map value") {
    return ": the line is not indented as those before it, or a colon stands in a value without "
           "quotes";
  }
  if (message == "end of map not found" || message == "end of sequence not found") {
    return ": the line is not indented as those before it";
  }
  return "";
}

}  // namespace

std::shared_ptr<const Node> parse_document(std::string_view text, const std::string& file,
                                           Problems& problems) {
  if (text.find('\0') != std::string_view::npos) {
    problems.add({file}, "holds a NUL byte: not a YAML text");
    return nullptr;
  }
  if (const std::optional<int> line = line_too_deep(text)) {
    problems.add({file, *line, 1}, fmt::format("more than {} levels", most_levels));
    return nullptr;
  }
  std::istringstream stream{std::string{text}};
  NodeBuilder builder{file, problems};
  try {
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    problems.add(stop.place, stop.why);
    return nullptr;
  } catch (const YAML::Exception& error) {
    // What follows the colon is a piece of the file, and that may be one of a password.
    const std::string message = error.msg.substr(0, error.msg.find(": "));
    if (const std::optional<int> line = line_with_tab(text, error.mark.line + 1)) {
      problems.add({file, *line, 1}, "indented with a tab: YAML takes blanks only");
    } else {
      problems.add({file, error.mark.line + 1, error.mark.column + 1},
                   message + std::string{explanation(message)});
    }
    return nullptr;
  }
  return builder.root();
}

}  // namespace hangar
