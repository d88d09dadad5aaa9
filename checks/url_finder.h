#pragma once
// Walks over the URLs that stand in a text, escaped or not (see url_scan.h), without judging or keeping them.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "checks/url_judgement.h"

namespace fwprobe::checks {

/// A piece of text that is written like a URL. Its views live until the finder's next step.
struct UrlCandidate {
  std::size_t begin = 0;       ///< of the scheme (or user), in the text
  std::size_t end = 0;         ///< behind the authority
  std::string_view scheme;     ///< as written
  std::string_view host_port;  ///< unescaped, without the user
  bool scp_form = false;       ///< "git@host:path"
  bool has_user = false;       ///< "user:password@" stood before it
  int level = 0;               ///< how many times it is percent-encoded
};

class UrlFinder {
 public:
  explicit UrlFinder(std::string_view text)
      : text_{text}, next_colon_{text.find(':')}, next_percent_{text.find('%')} {}
  /// The next one, left to right; also those inside of another one's path or query.
  std::optional<UrlCandidate> next();

 private:
  std::optional<UrlCandidate> at_colon(std::size_t colon, std::size_t colon_length, int level);
  std::optional<UrlCandidate> scp_at_colon(std::size_t colon);
  std::size_t read_authority(std::size_t from, int level, std::string_view& authority);

  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t next_colon_;  ///< the first one from position_ on, or an older one; npos: there is none
  std::size_t next_percent_;
  std::string unescaped_;  ///< what the last candidate's views point to when it was escaped
};

/// "user@host:path" as a whole text, scp(1)'s way to name a remote file, which git takes over (git-clone(1)).
std::optional<UrlCandidate> whole_scp_form(std::string_view text);
/// "//authority…" at the text's beginning (RFC 3986 §4.2), with the scheme of the page that says so.
std::optional<UrlCandidate> network_path(std::string_view text, std::string_view base_scheme);

/// The candidate as an origin; nothing when it does not parse: no host, an impossible name or port.
std::optional<Origin> parse_origin(const UrlCandidate& candidate);

/// The text as it is shown: from the scheme to the end of the path, at most `limit` bytes, without the user.
std::string shown(std::string_view text, const UrlCandidate& candidate, std::size_t limit);

}  // namespace fwprobe::checks
