// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "exporter/base/label.h"
#include "exporter/base/parsed.h"
#include "exporter/base/result.h"
#include "exporter/sources/docker/json_fields.h"
#include "exporter/sources/docker/json_items.h"

// What decoding one response has in common with decoding another.
namespace volumeter::docker {

using nlohmann::json;

template <typename T>
void reject(Parsed<T>& out, const json& item) {
  const bool first = out.bad == 0;
  out.reject(first ? item.dump(-1, ' ', false, json::error_handler_t::replace) : std::string());
}

inline Error unexpected_response(std::string_view what, std::string_view text) {
  std::string start(text.substr(0, Parsed<int>::kKeptBytes));
  return {ErrorKind::kMalformed, std::string(what), "unexpected response: " + start};
}

// Runs `read` on the text. Go always writes valid UTF-8; for engines that do not, the text is
// read again with invalid bytes replaced.
template <typename T>
Result<T> read_repaired(std::string_view what, std::string_view text,
                        const std::function<std::optional<T>(std::string_view)>& read) {
  auto out = read(text);
  if (!out) {
    const std::string repaired = repaired_utf8(text);
    if (repaired != text) out = read(repaired);
  }
  if (!out) return unexpected_response(what, text);
  return *std::move(out);
}

// The fields of an item that are read; the others are skipped.
using Kept = std::span<const std::string_view>;

inline constexpr std::string_view kVolumeFields[] = {"Name",      "Driver", "Scope",  "Mountpoint",
                                                     "CreatedAt", "Labels", "Options"};
inline constexpr std::string_view kContainerFields[] = {"Id",     "Names",  "State",
                                                        "Status", "Labels", "Mounts"};
inline constexpr std::string_view kDetailsFields[] = {"State", "HostConfig", "Mounts"};

// Converts a text that is one JSON object to a T.
template <typename T>
Result<T> read_whole(std::string_view what, std::string_view text, Kept kept,
                     const std::function<T(Fields&)>& read_object) {
  return read_repaired<T>(what, text, [&](std::string_view readable) {
    std::optional<T> out;
    const bool json_text = read_items(readable, {}, kept, [&](const json& item) {
      Fields fields(item);
      out = read_object(fields);
      if (fields.wrong()) out.reset();
    });
    if (!json_text) out.reset();
    return out;
  });
}

// A longer name would be truncated as a label, and two could become the same series.
inline bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= Label::kMaxBytes;
}

// What no two items of a list may share.
template <typename T>
using Identity = std::string(const T&);

template <typename T>
void reject_repeated(Parsed<T>& parsed, Identity<T>* identity) {
  std::set<std::string, std::less<>> seen;
  std::erase_if(parsed.items, [&](const T& item) {
    const std::string id = identity(item);
    const bool repeated = !seen.insert(id).second;
    if (repeated) parsed.reject(id);
    return repeated;
  });
}

template <typename T>
using ReadItem = std::optional<T>(const json&, Parsed<T>&);

// The list without items that repeat an identity of an earlier one, sorted by name so that equal
// facts compare equal.
template <typename T, typename Reply = Parsed<T>>
Result<Reply> read_list(std::string_view what, std::string_view text, ItemsAt where, Kept kept,
                        ReadItem<T>* read_item, std::initializer_list<Identity<T>*> identities) {
  return read_repaired<Reply>(what, text, [&](std::string_view readable) {
    std::optional<Reply> out(std::in_place);
    const auto take_item = [&](const json& item) {
      if (auto read = read_item(item, *out)) {
        out->items.push_back(*std::move(read));
      } else {
        reject(*out, item);
      }
    };
    const auto take_warning = [&]([[maybe_unused]] std::string_view warning) {
      if constexpr (requires { out->warnings; }) {
        if (out->warnings.size() < Reply::kMaxWarnings) {
          out->warnings.emplace_back(warning.substr(0, Reply::kKeptBytes));
        }
      }
    };
    const bool readable_json = read_items(readable, where, kept, take_item, take_warning);
    if (!readable_json) return std::optional<Reply>();
    for (const auto identity : identities) reject_repeated(*out, identity);
    std::stable_sort(out->items.begin(), out->items.end(),
                     [](const T& a, const T& b) { return a.name < b.name; });
    return out;
  });
}

}  // namespace volumeter::docker
