// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "exporter/config/config.h"

namespace volumeter {

// Every flag of the program, bound to the field it sets; flags.cpp is the list to add one to.
// CLI11 holds references into it, so it is neither copied nor moved.
struct Flags {
  Flags(const std::string& version, std::span<const CollectorChoice> collectors);
  Flags(const Flags&) = delete;
  Flags& operator=(const Flags&) = delete;

  struct Switch {
    bool on = false;
    CLI::Option* option = nullptr;
  };

  CLI::App app{"Storage metrics of a Docker host for Prometheus"};
  Config config;
  std::string config_file;
  bool list_flags = false;
  std::vector<const CLI::Option*> modes;  // of which one may be given
  bool disable_defaults = false;
  std::map<std::string, Switch> collectors;

 private:
  void add_general(const std::string& version);
  void add_mode(const std::string& name, Mode mode, const std::string& about);
  void add_docker();
  void add_web();
  void add_collectors(std::span<const CollectorChoice> choices);
  void add_collector_options();
  void add_sizes();
  void add_log();
};

}  // namespace volumeter
