#pragma once
// One description of a value for both directions: a function `fields(io, value)` names every field once; with
// a Writer it makes JSON, with a Reader it makes the value again. So nothing is written that cannot be read.
//
//   template <typename Io>
//   void fields(Io& io, Of<Io, DnsAddress>& record) {
//     io("address", record.address);
//     io("ttl", record.ttl);
//   }

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/text_forms.h"
#include "probe/secret.h"
#include "reports/json_forms.h"

namespace fwprobe::reports {

/// What `fields` is given: a constant when it is written.
template <typename Io, typename T>
using Of = std::conditional_t<Io::writes, const T, T>;

template <typename T>
inline constexpr bool is_vector = false;
template <typename T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// Beside a text that is not UTF-8 and therefore not JSON's, its bytes stand under this name.
inline std::string bytes_key(std::string_view key) { return std::string{key} + "_base64"; }

/// Makes a JSON object; the keys stay in the order of the calls.
class Writer {
 public:
  static constexpr bool writes = true;
  explicit Writer(Json& object) : object_{object} {}

  template <typename T>
  void operator()(const char* key, const T& value) {
    object_[key] = json(value);
    if constexpr (std::is_same_v<T, std::string>)
      if (!checks::is_valid_utf8(value)) object_[bytes_key(key)] = probe::base64(value);
  }

  /// Exactly one of `key` and "failure" is not null.
  template <typename T, typename E>
  void result(const char* key, const std::expected<T, E>& result) {
    object_[key] = result ? json(*result) : Json(nullptr);
    object_["failure"] = result ? Json(nullptr) : json(result.error());
  }

  /// A field that reports of earlier versions do not have; without it the value stays as it was.
  template <typename T>
  void added(const char* key, const T& value) {
    (*this)(key, value);
  }

  /// For whoever reads the report; it follows from other fields and is not read again.
  template <typename T>
  void shown(const char* key, const T& value) {
    object_[key] = json(value);
  }

  /// null in place of nothing, so that every field is always there.
  template <typename T>
  static Json json(const T& value) {
    if constexpr (HasForm<T>) {
      return Form<T>::write(value);
    } else if constexpr (is_optional<T>) {
      return value ? json(*value) : Json(nullptr);
    } else if constexpr (is_vector<T>) {
      auto array = Json::array();
      for (const auto& element : value) array.push_back(json(element));
      return array;
    } else {
      auto object = Json::object();
      Writer inside{object};
      fields(inside, value);
      return object;
    }
  }

 private:
  Json& object_;
};

/// Where in a document something stands; lives as long as its reading.
struct Place {
  const Place* above = nullptr;
  std::string_view key;
  std::size_t index = 0;
  bool is_element = false;
  std::string pointer() const;  ///< RFC 6901: "/targets/0/measurements/3/remote"
};

/// What the readers of one document share: the first thing that was wrong, and what may still be unpacked.
class Reading {
 public:
  explicit Reading(std::size_t unpacked_limit) : unpacked_left_{unpacked_limit} {}
  bool failed() const { return error_.has_value(); }
  const std::optional<std::string>& error() const { return error_; }
  void fail(const Place& place, std::string_view what);
  std::size_t& unpacked_left() { return unpacked_left_; }

 private:
  std::optional<std::string> error_;
  std::size_t unpacked_left_;
};

/// Reads a JSON object. After the first error it reads no more, and values are what they were.
class Reader {
 public:
  static constexpr bool writes = false;
  Reader(const Document& object, const Place& place, Reading& reading)
      : object_{object}, place_{place}, reading_{reading} {}

  template <typename T>
  void operator()(const char* key, T& value) {
    const auto* member = required(key);
    if (!member) return;
    read(*member, place_of(key), value);
    if constexpr (std::is_same_v<T, std::string>) read_bytes(key, value);
  }

  template <typename T, typename E>
  void result(const char* key, std::expected<T, E>& result) {
    const auto* success = required(key);
    const auto* failure = required("failure");
    if (!success || !failure) return;
    if (success->is_null() == failure->is_null()) return refuse(key, "either this or failure is null");
    if (failure->is_null()) {
      read(*success, place_of(key), result.emplace());
    } else {
      E error{};
      read(*failure, place_of("failure"), error);
      result = std::unexpected{std::move(error)};
    }
  }

  template <typename T>
  void added(const char* key, T& value) {
    if (has(key)) (*this)(key, value);
  }

  template <typename T>
  void shown(const char*, const T&) {}

  /// Whether the field is there and not null.
  bool has(const char* key) const {
    const auto at = object_.find(key);
    return at != object_.end() && !at->is_null();
  }
  /// `what` is wrong with a field, and what would be right.
  void refuse(const char* key, std::string_view what) { reading_.fail(place_of(key), what); }
  Reading& reading() { return reading_; }

  template <typename T>
  void read(const Document& json, const Place& place, T& value) {
    if (reading_.failed()) return;
    if constexpr (HasForm<T>) {
      if (!Form<T>::read(json, value))
        reading_.fail(place, excerpt(json) + " is not " + std::string{Form<T>::right()});
    } else if constexpr (is_optional<T>) {
      value.reset();
      if (!json.is_null()) read(json, place, value.emplace());
    } else if constexpr (is_vector<T>) {
      value.clear();
      if (!json.is_array()) return reading_.fail(place, excerpt(json) + " is not an array");
      for (std::size_t i = 0; i < json.size() && !reading_.failed(); ++i) {
        typename T::value_type element{};
        read(json[i], Place{&place, {}, i, true}, element);
        value.push_back(std::move(element));
      }
    } else {
      if (!json.is_object()) return reading_.fail(place, excerpt(json) + " is not an object");
      Reader inside{json, place, reading_};
      fields(inside, value);
    }
  }

 private:
  /// null after an error.
  const Document* required(const char* key);
  void read_bytes(const char* key, std::string& value);
  Place place_of(const char* key) const { return {&place_, key, 0, false}; }

  const Document& object_;
  const Place& place_;
  Reading& reading_;
};

}  // namespace fwprobe::reports
