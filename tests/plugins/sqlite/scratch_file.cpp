#include "scratch_file.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "sqlite_storage.hpp"

namespace hangar::sqlite {

ScratchFile::ScratchFile() {
  std::string form = std::filesystem::temp_directory_path() / "hangar_sqlite_XXXXXX";
  if (mkdtemp(form.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
  folder_ = form;
}

ScratchFile::~ScratchFile() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string ScratchFile::bytes() const {
  std::ifstream in{path(), std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void ScratchFile::write(const std::string& bytes) const {
  std::ofstream{path(), std::ios::binary | std::ios::trunc} << bytes;
}

std::vector<std::string> ScratchFile::query(const std::string& sql) {
  if (!connection_) {
    sqlite3* database = nullptr;
    sqlite3_open(path().c_str(), &database);
    connection_.reset(database);
  }
  std::vector<std::string> rows;
  const auto add = [](void* to, int count, char** cells, char**) {
    std::string row;
    for (int i = 0; i < count; ++i) {
      if (i != 0) row += '|';
      row += cells[i] == nullptr ? "NULL" : cells[i];
    }
    static_cast<std::vector<std::string>*>(to)->push_back(row);
    return 0;
  };
  if (sqlite3_exec(connection_.get(), sql.c_str(), add, &rows, nullptr) != SQLITE_OK) {
    throw std::runtime_error{sql + ": " + sqlite3_errmsg(connection_.get())};
  }
  return rows;
}

std::unique_ptr<Storage> ScratchFile::open_storage(
    std::chrono::milliseconds statement_timeout) const {
  StorageOptions options;
  options.url = path().string();
  options.statement_timeout = statement_timeout;
  return std::make_unique<SqliteStorage>(options);
}

}  // namespace hangar::sqlite
