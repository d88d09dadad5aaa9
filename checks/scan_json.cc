// URLs in JSON texts (RFC 8259), each with its JSON pointer (RFC 6901).

#include <algorithm>
#include <iterator>
#include <span>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "checks/text_forms.h"
#include "checks/url_collector.h"
#include "checks/url_scan.h"

namespace fwprobe::checks {
namespace {

using Json = nlohmann::json;

/// Walks over the text and tells how far the parser has read, which the parser itself does not.
class Reader {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Reader(const char* at, const char** reached) : at_{at}, reached_{reached} {}
  reference operator*() const { return *at_; }
  Reader& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  bool operator==(const Reader& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** reached_;
};

/// "body /value/0/url"; of a path that is too long, its beginning and its end.
std::string json_place(std::string_view path, std::string_view suffix) {
  std::string place = "body";
  const auto room = place_limit - place.size() - 5 - suffix.size();
  if (!path.empty() || !suffix.empty()) place.push_back(' ');
  if (path.size() <= room) return place.append(path).append(suffix);
  return place.append(path.substr(0, room / 2))
      .append("…")
      .append(path.substr(path.size() - room / 2))
      .append(suffix);
}

/// What the values under a key are.
enum class Field : std::uint8_t { mention, self_link, access_point, moniker, left_out };

/// Lower case; see url_scan.h.
constexpr std::string_view left_out_fields[] = {
    "description", "summary", "comment", "example",  "examples",     "documentation",  "placeholder",
    "helptext",    "tooltip", "hint",    "$comment", "releasenotes", "consumerinputs", "publisherinputs"};

/// Below this the places name the way down to here only, and no more memory is taken.
constexpr std::size_t depth_limit = 10'000;
/// Access mappings are few; a flood of them is looked into at once.
constexpr std::size_t waiting_limit = 256;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The innermost container and what is known about its values.
struct Frame {
  std::size_t path = 0;   ///< length of the pointer to the container
  std::size_t index = 0;  ///< of the current value, in an array
  bool array = false;
  Field field = Field::mention;  ///< of the current value
  bool left_out = false;         ///< with everything below
  bool server_only = false;      ///< an access mapping of the server's own machines
};

class Handler {
 public:
  Handler(Profile profile, UrlCollector& into, const char* const& reached)
      : profile_{profile}, into_{into}, reached_{reached}, done_{reached} {}

  /// Behind the last complete token.
  const char* done() const { return done_; }
  /// Looks into what waited for the end of its object.
  void finish() {
    while (!frames_.empty()) end_container();
  }

  bool null() { return value(); }
  bool boolean(bool) { return value(); }
  bool number_integer(Json::number_integer_t) { return value(); }
  bool number_unsigned(Json::number_unsigned_t) { return value(); }
  bool number_float(Json::number_float_t, const Json::string_t&) { return value(); }
  bool binary(Json::binary_t&) { return value(); }

  bool string(std::string& text) {
    const auto field = frames_.empty() ? Field::mention : innermost().field;
    if (field == Field::moniker && text == "ServerAccessMapping") innermost().server_only = true;
    if (field == Field::access_point && waiting_.size() < waiting_limit) {
      waiting_.push_back({frames_.size(), text, pointer()});
    } else if (field != Field::left_out) {
      const bool is_mention = field == Field::mention || field == Field::moniker;
      look_into(text, is_mention ? Role::mention : Role::self_link);
    }
    return value();
  }

  bool key(std::string& text) {
    auto& frame = innermost();
    if (deeper_ == 0) {
      path_.resize(frame.path);
      append_token(text);
    }
    frame.field = frame.left_out ? Field::left_out : field_of(text);
    if (!frame.left_out)
      for (const auto& kept : into_.look_into(text)) into_.name_place(kept, json_place(path_, " (key)"));
    done_ = reached_;
    return true;
  }

  bool start_object(std::size_t) { return start_container(false); }
  bool start_array(std::size_t) { return start_container(true); }
  bool end_object() { return deeper_ > 0 ? end_deeper() : end_container(); }
  bool end_array() { return deeper_ > 0 ? end_deeper() : end_container(); }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) { return false; }

 private:
  /// The address of an access mapping whose moniker may still come.
  struct Waiting {
    std::size_t depth = 0;
    std::string text;
    std::string place;
  };

  Field field_of(std::string_view key) const {
    const auto is_key = [&](std::string_view name) { return std::ranges::equal(key, name, {}, lower); };
    if (std::ranges::any_of(left_out_fields, is_key)) return Field::left_out;
    if (is_key("moniker") || is_key("accessmappingmoniker")) return Field::moniker;
    if (role_of_field(key, profile_) == Role::mention) return Field::mention;
    return is_key("accesspoint") || is_key("location") ? Field::access_point : Field::self_link;
  }

  bool value() {
    if (deeper_ == 0 && !frames_.empty() && frames_.back().array) ++frames_.back().index;
    done_ = reached_;
    return true;
  }

  Frame& innermost() { return deeper_ > 0 ? deep_ : frames_.back(); }

  bool start_container(bool array) {
    if (frames_.size() == depth_limit) {
      if (deeper_++ == 0) {
        deep_ = Frame{};
        deep_.field = frames_.back().field;
        deep_.left_out = deep_.field == Field::left_out;
      }
      done_ = reached_;
      return true;
    }
    Frame frame{.array = array};
    if (!frames_.empty()) {
      auto& outer = frames_.back();
      if (outer.array) {
        path_.resize(outer.path);
        path_.append(fmt::format("/{}", outer.index));
      }
      frame.left_out = outer.field == Field::left_out;
      frame.field = array || frame.left_out ? outer.field : Field::mention;  // ["…"] holds what its key says
    }
    frame.path = path_.size();
    frames_.push_back(frame);
    done_ = reached_;
    return true;
  }

  bool end_deeper() {
    --deeper_;
    return value();
  }

  bool end_container() {
    while (!waiting_.empty() && waiting_.back().depth == frames_.size()) {
      if (!frames_.back().server_only)
        for (const auto& kept : into_.look_into(waiting_.back().text, Role::self_link, Form::reference))
          into_.name_place(kept, waiting_.back().place);
      waiting_.pop_back();
    }
    frames_.pop_back();
    path_.resize(frames_.empty() ? 0 : frames_.back().path);
    return value();
  }

  void append_token(std::string_view text) {
    path_.push_back('/');
    if (text.find_first_of("~/") == std::string_view::npos) {
      path_.append(text);
      return;
    }
    for (const char c : text)
      c == '~' ? path_.append("~0") : c == '/' ? path_.append("~1") : path_.append(1, c);
  }

  void look_into(std::string_view text, Role role) {
    std::string decoded;
    // A piece of HTML in a JSON string.
    if (text.contains("&#")) text = decoded = decode_entities(text).text;
    const auto form = role == Role::self_link ? Form::reference : Form::prose;
    for (const auto& kept : into_.look_into(text, role, form)) into_.name_place(kept, pointer());
  }

  std::string pointer() const {
    const bool in_array = !frames_.empty() && frames_.back().array;
    return json_place(path_, in_array ? fmt::format("/{}", frames_.back().index) : "");
  }

  Profile profile_;
  UrlCollector& into_;
  const char* const& reached_;
  const char* done_;
  std::vector<Frame> frames_;
  std::size_t deeper_ = 0;  ///< containers open below the innermost frame
  Frame deep_;              ///< stands for all of them
  std::string path_;
  std::vector<Waiting> waiting_;
};

/// Bytes that are no UTF-8 (RFC 3629) would end the parsing. Each is replaced by one other byte, so that
/// positions stay.
std::string with_valid_utf8(std::string_view text) {
  std::string valid{text};
  for (std::size_t i = 0; i < valid.size();) {
    const auto length = utf8_length(text, i);
    if (length == 0) valid[i] = '%';
    i += std::max<std::size_t>(length, 1);
  }
  return valid;
}

}  // namespace

void scan_json(std::string_view body, Profile profile, UrlCollector& into) {
  std::string repaired;
  if (!is_valid_utf8(body)) body = repaired = with_valid_utf8(body);
  const std::span<const char> bytes{body};
  const char* const end = bytes.data() + bytes.size();
  const char* reached = bytes.data();
  Handler handler{profile, into, reached};
  constexpr bool to_the_end = true;
  const bool whole = Json::sax_parse(Reader{bytes.data(), &reached}, Reader{end, &reached}, &handler,
                                     Json::input_format_t::json, to_the_end);
  const auto done = static_cast<std::size_t>(handler.done() - bytes.data());
  handler.finish();
  if (!whole) scan_text(body, into, done);
}

}  // namespace fwprobe::checks
