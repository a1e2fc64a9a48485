// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/config_file.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <exception>
#include <optional>
#include <sstream>

namespace volumeter {
namespace {

// Aliases can expand a small file to a huge tree.
constexpr std::size_t kMaxSettings = 1000;
constexpr std::size_t kMaxConfigBytes = 1 << 20;  // of all keys and values
constexpr int kMaxDepth = 4;

// A Mark counts lines from 0.
int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

Error at_line(int line, const std::string& what) {
  return {ErrorKind::kMalformed, "line " + std::to_string(line), what};
}

// The line on which a document starts.
class DocumentStart final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { line_ = mark.line + 1; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  int line() const { return line_; }

 private:
  int line_ = 0;
};

// The line of what follows the first document: a second one, or text after a stray bracket.
// YAML::Load() silently drops it; YAML::LoadAll() never returns on some inputs.
std::optional<int> second_document(const std::string& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  DocumentStart document;
  parser.HandleNextDocument(document);
  if (!parser.HandleNextDocument(document)) return {};
  return document.line();
}

// Flattens the YAML tree to settings.
class ConfigReader {
 public:
  Result<std::vector<Setting>> read(const YAML::Node& root) && {
    if (root.IsNull()) return std::vector<Setting>{};
    if (!root.IsMap()) return at_line(line_of(root), "must be a mapping of keys to values");
    if (auto error = read_map(root, "", 0)) return std::move(*error);
    return std::move(settings_);
  }

 private:
  std::optional<Error> read_map(const YAML::Node& map, const std::string& prefix, int depth) {
    if (depth > kMaxDepth) return at_line(line_of(map), "keys are nested too deeply");
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) return at_line(line_of(entry.first), "a key must be a string");
      const std::string key = prefix + entry.first.Scalar();
      // An empty map adds no setting, so nothing would bound aliases of it.
      if (entry.second.IsMap() && entry.second.size() > 0) {
        if (auto error = read_map(entry.second, key + ".", depth + 1)) return error;
      } else if (auto error = read_value(key, line_of(entry.first), entry.second)) {
        return error;
      }
    }
    return {};
  }

  std::optional<Error> read_value(const std::string& key, int line, const YAML::Node& node) {
    Setting setting{key, {}, line};
    bytes_ += key.size();
    if (node.IsScalar()) {
      add_value(node.Scalar(), setting);
    } else if (node.IsSequence()) {
      for (const auto& item : node) {
        if (!item.IsScalar())
          return at_line(line_of(item), key + ": a list must hold plain values");
        add_value(item.Scalar(), setting);
      }
    } else {
      return at_line(line, key + ": has no value");
    }
    if (bytes_ > kMaxConfigBytes) return at_line(line, "the configuration is too large");
    for (const Setting& earlier : settings_) {
      if (earlier.key == key) return at_line(line, key + ": is set more than once");
    }
    settings_.push_back(std::move(setting));
    if (settings_.size() > kMaxSettings) return at_line(line, "too many keys");
    return {};
  }

  void add_value(const std::string& value, Setting& setting) {
    bytes_ += value.size() + 1;
    if (bytes_ <= kMaxConfigBytes) setting.values.push_back(value);
  }

  std::vector<Setting> settings_;
  std::size_t bytes_ = 0;  // of all keys and values so far
};

}  // namespace

Result<std::vector<Setting>> parse_config_file(std::string_view text) {
  try {
    const std::string copy(text);
    if (const auto line = second_document(copy)) {
      return at_line(*line, "only one YAML document is allowed; it ended before this line");
    }
    return ConfigReader().read(YAML::Load(copy));
  } catch (const YAML::Exception& exception) {
    return at_line(exception.mark.line + 1, exception.msg);
  } catch (const std::exception& exception) {
    return at_line(1, exception.what());
  }
}

}  // namespace volumeter
