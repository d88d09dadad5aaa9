#include "probe/dns_message.h"

#include <algorithm>
#include <expected>
#include <memory>
#include <optional>

#include <ares.h>
#include <fmt/format.h>

namespace fwprobe::probe {
namespace {

using Bytes = std::span<const unsigned char>;

constexpr std::size_t header_size = 12;
constexpr std::uint16_t type_cname = 5;
constexpr std::uint16_t class_in = 1;
constexpr std::size_t max_records = 4096;  // more than 64 KiB can hold
constexpr std::size_t max_names = 16;      // of one address; a shared server may have thousands
constexpr std::size_t max_aliases = 64;    // longer chains resolve nowhere (BIND stops at 16, unbound at 11)

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

void make_lower(std::string& text) {
  for (auto& c : text) c = lower(c);
}

bool same_name(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::string_view without_final_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

/// Walks a message; every step checks its bounds and fails for good.
class Reader {
 public:
  explicit Reader(Bytes message) : message_{message} {}

  std::optional<std::uint16_t> u16() {
    if (message_.size() - at_ < 2) return std::nullopt;
    const auto value = static_cast<std::uint16_t>(message_[at_] << 8 | message_[at_ + 1]);
    at_ += 2;
    return value;
  }

  std::optional<std::uint32_t> u32() {
    const auto high = u16();
    const auto low = u16();
    if (!high || !low) return std::nullopt;
    return std::uint32_t{*high} << 16 | *low;
  }

  std::optional<Bytes> bytes(std::size_t count) {
    if (message_.size() - at_ < count) return std::nullopt;
    at_ += count;
    return message_.subspan(at_ - count, count);
  }

  /// A name, compression pointers followed (RFC 1035 §4.1.4), in lower case.
  std::optional<std::string> name() {
    long encoded = 0;
    auto text = name_at(at_, encoded);
    if (text) at_ += static_cast<std::size_t>(encoded);
    return text;
  }

  std::optional<std::string> name_at(std::size_t offset, long& encoded) const {
    if (offset >= message_.size()) return std::nullopt;
    char* expanded = nullptr;
    if (ares_expand_name(message_.data() + offset, message_.data(), static_cast<int>(message_.size()),
                         &expanded, &encoded) != ARES_SUCCESS)
      return std::nullopt;
    const std::unique_ptr<char, decltype(&ares_free_string)> owner{expanded,
                                                                   [](void* p) { ares_free_string(p); }};
    std::string text{expanded};
    make_lower(text);
    return text;
  }

  std::size_t position() const { return at_; }

 private:
  Bytes message_;
  std::size_t at_ = 0;
};

struct AddressRecord {
  std::string owner;
  DnsAddress address;
};

struct NameRecord {
  std::string owner;
  std::string name;
};

/// The records of the answer section that matter.
struct Answers {
  std::vector<DnsAlias> aliases;
  std::vector<AddressRecord> addresses;
  std::vector<NameRecord> names;
};

std::optional<asio::ip::address> address_in(Bytes data, DnsType type) {
  if (type == DnsType::a && data.size() == 4) {
    asio::ip::address_v4::bytes_type bytes{};
    std::ranges::copy(data, bytes.begin());
    return asio::ip::address_v4{bytes};
  }
  if (type == DnsType::aaaa && data.size() == 16) {
    asio::ip::address_v6::bytes_type bytes{};
    std::ranges::copy(data, bytes.begin());
    return asio::ip::address_v6{bytes};
  }
  return std::nullopt;
}

/// TTLs above 2^31−1 count as zero, RFC 2181 §8.
std::chrono::seconds ttl_of(std::uint32_t value) {
  return std::chrono::seconds{value > 0x7fffffffU ? 0U : value};
}

/// The answer section, or what is wrong with it.
std::expected<Answers, std::string> read_answers(Reader& reader, std::size_t count, DnsType type) {
  Answers answers;
  for (std::size_t i = 0; i < std::min(count, max_records); ++i) {
    auto owner = reader.name();
    const auto record_type = reader.u16();
    const auto record_class = reader.u16();
    const auto ttl = reader.u32();
    const auto size = reader.u16();
    const auto data_at = reader.position();
    const auto data = size ? reader.bytes(*size) : std::nullopt;
    if (!owner || !record_type || !record_class || !ttl || !data)
      return std::unexpected{
          fmt::format("answer record {} of {} is cut short or has a bad name", i + 1, count)};
    if (*record_class != class_in) continue;
    if (*record_type == type_cname) {
      long encoded = 0;
      auto target = reader.name_at(data_at, encoded);
      if (!target || static_cast<std::size_t>(encoded) != data->size())
        return std::unexpected{fmt::format("the CNAME record of {} has a bad name", *owner)};
      answers.aliases.push_back({std::move(*owner), std::move(*target), ttl_of(*ttl)});
    } else if (*record_type == static_cast<std::uint16_t>(type) && type == DnsType::ptr) {
      long encoded = 0;
      auto name = reader.name_at(data_at, encoded);
      if (!name || static_cast<std::size_t>(encoded) != data->size())
        return std::unexpected{fmt::format("the PTR record of {} has a bad name", *owner)};
      answers.names.push_back({std::move(*owner), std::move(*name)});
    } else if (*record_type == static_cast<std::uint16_t>(type)) {
      const auto address = address_in(*data, type);
      if (!address) return std::unexpected{fmt::format("an address record has {} bytes", data->size())};
      answers.addresses.push_back({std::move(*owner), {*address, ttl_of(*ttl)}});
    }
  }
  return answers;
}

/// The chain from `name`, in order; false when it comes back to a name that it had (or is too long to end).
bool follow(const std::vector<DnsAlias>& records, std::string& name, std::vector<DnsAlias>& chain) {
  while (chain.size() <= max_aliases) {
    const auto next = std::ranges::find(records, name, &DnsAlias::from);
    if (next == records.end()) return true;
    const bool seen =
        next->to == next->from || std::ranges::find(chain, next->to, &DnsAlias::from) != chain.end();
    chain.push_back(*next);
    if (seen) return false;
    name = next->to;
  }
  return false;
}

DnsStatus status_of(std::uint8_t rcode) {
  switch (rcode) {
    case 0:
      return DnsStatus::answered;
    case 1:
      return DnsStatus::formerr;
    case 2:
      return DnsStatus::servfail;
    case 3:
      return DnsStatus::nxdomain;
    case 4:
      return DnsStatus::notimp;
    case 5:
      return DnsStatus::refused;
    default:
      return DnsStatus::other_rcode;
  }
}

DnsLookup malformed(DnsLookup lookup, std::string detail) {
  lookup.status = DnsStatus::malformed;
  lookup.detail = std::move(detail);
  return lookup;
}

}  // namespace

bool is_truncated(Bytes reply) { return reply.size() >= header_size && (reply[2] & 0x02) != 0; }

DnsLookup read_reply(DnsQuestion question, Bytes reply) {
  DnsLookup lookup;
  lookup.question = std::move(question);
  if (reply.size() < header_size)
    return malformed(std::move(lookup), fmt::format("{} bytes are no DNS message", reply.size()));
  const bool response = (reply[2] & 0x80) != 0;
  const auto rcode = static_cast<std::uint8_t>(reply[3] & 0x0f);
  lookup.rcode = rcode;
  lookup.status = status_of(rcode);

  Reader reader{reply};
  reader.bytes(4);
  const auto questions = reader.u16().value_or(0);
  const auto answers = reader.u16().value_or(0);
  reader.bytes(4);
  if (!response) return malformed(std::move(lookup), "the reply is itself a query");
  // Some servers leave the question out of an error reply; what they say is still theirs (RFC 1035 §4.1.1).
  if (questions == 0 && rcode != 0) return lookup;
  const auto name = reader.name();
  const auto type = reader.u16();
  const auto record_class = reader.u16();
  if (questions != 1 || !name || !type || !record_class)
    return malformed(std::move(lookup), "the reply repeats no question");
  if (!same_name(*name, without_final_dot(lookup.question.name)) ||
      *type != static_cast<std::uint16_t>(lookup.question.type) || *record_class != class_in)
    return malformed(std::move(lookup),
                     fmt::format("the reply answers another question: {} type {}", *name, *type));

  auto records = read_answers(reader, answers, lookup.question.type);
  // A refusal stays one, however badly the rest is written.
  if (!records && rcode != 0) return lookup;
  if (!records) return malformed(std::move(lookup), std::move(records.error()));
  auto end = *name;
  if (!follow(records->aliases, end, lookup.aliases)) {
    lookup.status = DnsStatus::alias_loop;
    return lookup;
  }
  if (lookup.status != DnsStatus::answered) return lookup;
  for (const auto& record : records->addresses)
    if (record.owner == end) lookup.addresses.push_back(record.address);
  for (auto& record : records->names)
    if (record.owner == end && lookup.names.size() < max_names)
      lookup.names.push_back(std::move(record.name));
  if (!lookup.addresses.empty() || !lookup.names.empty()) return lookup;
  if (!records->addresses.empty())
    return malformed(std::move(lookup), fmt::format("the addresses in the reply belong to {}, not to {}",
                                                    records->addresses.front().owner, end));
  lookup.status = DnsStatus::nodata;
  return lookup;
}

}  // namespace fwprobe::probe
