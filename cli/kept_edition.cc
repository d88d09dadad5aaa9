#include "cli/kept_edition.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "allowlist/list_file.h"
#include "cli/output.h"
#include "probe/sha256.h"

namespace fwprobe::cli {
namespace {

std::string note_path(const std::string& path) { return path + ".source"; }

std::string digest_of(std::string_view text) {
  return fmt::format("{:02x}", fmt::join(probe::sha256(text), ""));
}

std::string note_text(const KeptNote& note, std::string_view text) {
  const nlohmann::ordered_json json{
      {"url", note.url}, {"etag", note.etag}, {"fetched", note.fetched}, {"sha256", digest_of(text)}};
  return json.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string no_regular_file(const std::string& path) { return fmt::format("{} is no regular file", path); }

Kept keep_note(const std::string& path, std::string_view text, const KeptNote& note) {
  const auto beside = note_path(path);
  std::expected<void, std::string> written = std::unexpected{no_regular_file(beside)};
  if (!allowlist::is_special_file(beside)) written = write_file(beside, note_text(note, text));
  return {written ? std::string{} : fmt::format("the note beside it was not written: {}", written.error())};
}

std::string text_of(const nlohmann::json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

}  // namespace

std::expected<std::optional<std::string>, std::string> read_kept(const std::string& path) {
  if (allowlist::is_special_file(path)) return std::unexpected{no_regular_file(path)};
  auto file = allowlist::ListFile::open(path);
  if (!file && file.error() == ENOENT) return std::nullopt;
  if (!file) return std::unexpected{fmt::format("{}: {}", path, std::strerror(file.error()))};
  auto text = allowlist::read_all(*file);
  if (!text) return std::unexpected{fmt::format("{}: {}", path, std::strerror(text.error()))};
  return std::move(*text);
}

std::optional<KeptNote> read_note(const std::string& path, std::string_view text) {
  const auto note = read_kept(note_path(path));
  if (!note || !*note) return std::nullopt;
  const auto json = nlohmann::json::parse(**note, nullptr, false);
  if (!json.is_object() || text_of(json, "sha256") != digest_of(text)) return std::nullopt;
  return KeptNote{text_of(json, "url"), text_of(json, "etag"), text_of(json, "fetched")};
}

std::expected<Kept, std::string> keep(const std::string& path, std::string_view text, const KeptNote& note) {
  std::error_code error;
  const auto folder = std::filesystem::path{path}.parent_path();
  std::filesystem::create_directories(folder, error);
  if (error) return std::unexpected{fmt::format("{}: {}", folder.string(), error.message())};
  // A link that the user made stays, and leads to the new list.
  const auto file = std::filesystem::canonical(path, error);
  if (auto written = write_file(error ? path : file.string(), text); !written)
    return std::unexpected{std::move(written.error())};
  return keep_note(path, text, note);
}

Kept confirm(const std::string& path, std::string_view text, const KeptNote& note) {
  if (::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) != 0)
    return {fmt::format("its age was not renewed: {}: {}", path, std::strerror(errno))};
  return keep_note(path, text, note);
}

}  // namespace fwprobe::cli
