#pragma once
// Gathers what the scanners of one response find: one entry an origin, with its first places.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "checks/url_finder.h"
#include "checks/url_scan.h"

namespace fwprobe::checks {

/// How a text names URLs.
enum class Form : std::uint8_t {
  prose,      ///< URLs may stand anywhere in it
  reference,  ///< it is one reference: "//host/path" leads to another host, too
};

class UrlCollector {
 public:
  /// An entry's place that waits for its name.
  struct Kept {
    std::size_t url = 0;
    std::size_t place = 0;
    std::size_t offset = 0;  ///< of the URL in the text
  };

  explicit UrlCollector(std::string base_scheme) : base_scheme_{std::move(base_scheme)} {}

  /// Takes the URLs of `text`. The role is that of a URL at the text's very beginning; others in it are
  /// mentions. The result, valid until the next call, are the occurrences that are kept: they are few, and
  /// only their places need to be named.
  const std::vector<Kept>& look_into(std::string_view text, Role role = Role::mention,
                                     Form form = Form::prose);
  /// A URL that names no host, and so leads to the one that answered.
  void count_relative() { ++scan_.total; }
  void name_place(const Kept& kept, std::string_view place);

  UrlScan take() && { return std::move(scan_); }

 private:
  struct Known {
    std::optional<Origin> origin;  ///< none: it does not parse
    bool local = false;
    std::optional<std::size_t> as_mention, as_self_link;  ///< its entries in scan_.urls
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  void add(std::string_view text, const UrlCandidate& candidate, Role role);
  Known& known(const UrlCandidate& candidate);
  /// The origin's entry in scan_.urls, a new one counted in `kept`; none when that many are kept already.
  std::optional<std::size_t> entry(const Origin& origin, Role role, std::size_t& kept);

  std::string base_scheme_;
  UrlScan scan_;
  std::size_t local_kept_ = 0;
  std::size_t others_kept_ = 0;
  std::vector<Kept> kept_;
  std::unordered_map<std::string, Known, Hash, std::equal_to<>> known_;  ///< by the authority as written
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> by_origin_;  ///< entries in scan_.urls
  std::string key_;
  Known unknown_;  ///< the last one parsed when known_ is full
};

}  // namespace fwprobe::checks
