#include "checks/azure_devops_names.h"

#include <algorithm>

#include <fmt/format.h>

namespace fwprobe::checks::azure_devops {
namespace {

/// An escape that the user wrote stays one: no collection's name can hold a percent sign.
std::string encode_collection(std::string_view segment) {
  constexpr std::string_view hexadecimal = "0123456789ABCDEFabcdef";
  std::string encoded;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const bool escape = segment[i] == '%' && i + 2 < segment.size() && hexadecimal.contains(segment[i + 1]) &&
                        hexadecimal.contains(segment[i + 2]);
    if (escape)
      encoded.push_back('%');
    else
      encoded += encode(segment.substr(i, 1));
  }
  return encoded;
}

std::vector<std::string> segments(std::string_view path) {
  std::vector<std::string> found;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) found.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return found;
}

bool equals_tfs(std::string_view segment) { return segment == "tfs" || segment == "Tfs" || segment == "TFS"; }

}  // namespace

std::string encode(std::string_view text) {
  constexpr std::string_view unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text) {
    if (unreserved.contains(c))
      encoded.push_back(c);
    else
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

std::string join(const std::vector<std::string>& parts) { return fmt::format("{}", fmt::join(parts, "/")); }

std::string path_of(const std::vector<std::string>& collection) {
  std::string path;
  for (const auto& segment : collection) path.append("/").append(encode_collection(segment));
  return path;
}

std::vector<std::string> with_prefix_turned(std::vector<std::string> collection) {
  if (!collection.empty() && equals_tfs(collection.front()))
    collection.erase(collection.begin());
  else
    collection.insert(collection.begin(), "tfs");
  return collection;
}

bool names_organization(std::string_view host) { return host.ends_with(".visualstudio.com"); }

bool url_has_path(const Target& target) { return !segments(target.url.path).empty(); }

std::vector<std::string> collection_segments(const Case& the_case) {
  auto given = segments(the_case.settings.collection);
  auto in_url = segments(the_case.target.url.path);
  // A pasted address may go on behind the collection.
  in_url.erase(std::ranges::find_if(in_url, [](const auto& segment) { return segment.starts_with('_'); }),
               in_url.end());
  const auto& host = the_case.target.host.name;
  if (given.size() == 1 && names_organization(host) && host.starts_with(given.front() + ".")) given.clear();
  if (given.empty()) return in_url;
  if (in_url.size() == 1 && equals_tfs(in_url.front()) && !equals_tfs(given.front()))
    given.insert(given.begin(), in_url.front());
  return given;
}

}  // namespace fwprobe::checks::azure_devops
