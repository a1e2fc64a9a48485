// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/json_items.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace volumeter::docker {
namespace {

using nlohmann::json;

// Builds the tree of the current item and skips everything outside items. A callback that
// returns false ends the parse.
class ItemReader final : public json::json_sax_t {
 public:
  ItemReader(ItemsAt where, std::span<const std::string_view> kept,
             const std::function<void(const json&)>& sink,
             const std::function<void(std::string_view)>& text_sink)
      : where_(where),
        kept_(kept),
        sink_(sink),
        text_sink_(text_sink),
        in_list_(where.shape == ItemsAt::Shape::kWhole) {}

  bool null() override { return scalar(nullptr); }
  bool boolean(bool value) override { return scalar(value); }
  bool number_integer(json::number_integer_t value) override { return scalar(value); }
  bool number_unsigned(json::number_unsigned_t value) override { return scalar(value); }
  bool number_float(json::number_float_t value, const std::string&) override {
    return scalar(value);
  }
  bool string(std::string& value) override {
    const bool is_text = in_texts_ && depth_ == 2;
    if (!is_text) return scalar(std::move(value));
    text_sink_(value);
    return ++values_ <= kMaxValues;
  }
  bool binary(json::binary_t&) override { return false; }  // JSON has no binary values

  bool key(std::string& name) override {
    if (skipped_ > 0) return true;
    if (!open_.empty()) {
      skips_next_ = open_.size() == 1 && !is_kept(name);
      key_ = std::move(name);
    } else {
      at_key_ = depth_ == 1 && name == where_.key;
      at_texts_ = depth_ == 1 && text_sink_ && name == where_.texts_key;
    }
    return true;
  }

  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  static constexpr std::size_t kMaxDepth = 64;
  static constexpr std::size_t kMaxValues = 1'000'000;

  bool is_kept(std::string_view name) const {
    return std::find(kept_.begin(), kept_.end(), name) != kept_.end();
  }

  std::size_t list_depth() const { return where_.shape == ItemsAt::Shape::kListUnderKey ? 1 : 0; }

  bool item_begins() const {
    if (where_.shape == ItemsAt::Shape::kWhole) return depth_ == 0;
    return in_list_ && depth_ == list_depth() + 1;
  }

  bool list_begins() const {
    if (where_.shape == ItemsAt::Shape::kWhole || in_list_) return false;
    return depth_ == list_depth() && (depth_ == 0 || at_key_);
  }

  bool scalar(json value) {
    if (skipped_ > 0 || std::exchange(skips_next_, false)) return true;
    if (!open_.empty()) return store(std::move(value)) != nullptr;
    if (item_begins()) {
      if (++values_ > kMaxValues) return false;
      sink_(value);
      return true;
    }
    if (list_begins()) return value.is_null();
    return depth_ > 0;
  }

  bool open(json empty) {
    if (skipped_ > 0 || std::exchange(skips_next_, false)) return ++skipped_ <= kMaxDepth;
    const bool is_array = empty.is_array();
    bool fits = true;
    if (!open_.empty()) {
      json* const stored = store(std::move(empty));
      fits = stored != nullptr;
      open_.push_back(stored);
    } else if (item_begins()) {
      item_ = std::move(empty);
      open_.push_back(&item_);
      fits = ++values_ <= kMaxValues;
    } else if (list_begins()) {
      in_list_ = fits = is_array;
    } else if (depth_ == 0) {
      fits = !is_array;
    } else if (depth_ == 1) {
      in_texts_ = is_array && at_texts_;
    }
    return fits && ++depth_ <= kMaxDepth;
  }

  bool close() {
    if (skipped_ > 0) {
      --skipped_;
      return true;
    }
    --depth_;
    if (!open_.empty()) {
      open_.pop_back();
      if (open_.empty()) sink_(item_);
    } else if (in_list_ && depth_ == list_depth()) {
      in_list_ = false;
    } else if (depth_ == 1) {
      in_texts_ = false;
    }
    return true;
  }

  // Adds a value to the innermost open object or list and returns its address; null if the text
  // has too many values.
  json* store(json value) {
    if (++values_ > kMaxValues) return nullptr;
    json& parent = *open_.back();
    if (parent.is_array()) return &parent.emplace_back(std::move(value));
    return &(parent[key_] = std::move(value));
  }

  ItemsAt where_;
  std::span<const std::string_view> kept_;
  const std::function<void(const json&)>& sink_;
  const std::function<void(std::string_view)>& text_sink_;
  bool in_list_;
  bool at_key_ = false;
  bool in_texts_ = false;
  bool at_texts_ = false;
  std::size_t depth_ = 0;
  bool skips_next_ = false;  // the value of the key just read
  std::size_t skipped_ = 0;  // depth inside such a value
  std::size_t values_ = 0;
  json item_;
  std::string key_;
  std::vector<json*> open_;  // from item_ to the innermost; empty outside items
};

}  // namespace

bool read_items(std::string_view text, ItemsAt where, std::span<const std::string_view> kept,
                const std::function<void(const json&)>& sink,
                const std::function<void(std::string_view)>& text_sink) {
  ItemReader reader(where, kept, sink, text_sink);
  return json::sax_parse(text, &reader);
}

}  // namespace volumeter::docker
