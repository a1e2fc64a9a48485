// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace volumeter::test {

// A new directory, removed with its contents by the destructor.
class TempFolder {
 public:
  TempFolder() {
    std::string name = "/tmp/volumeter-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
    ::chmod(path_.c_str(), 0755);
  }
  // rm(1) can remove trees deeper than PATH_MAX.
  ~TempFolder() { [[maybe_unused]] const int done = std::system(("rm -rf " + path_).c_str()); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

  // Creates missing parent directories.
  std::string write(std::string_view name, std::string_view text) const {
    const std::string file = *this / name;
    make_folder(name.substr(0, name.find_last_of('/') + 1));
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

  std::string make_folder(std::string_view name) const {
    for (auto end = name.find('/'); end != std::string_view::npos; end = name.find('/', end + 1)) {
      ::mkdir((*this / name.substr(0, end)).c_str(), 0755);
    }
    ::mkdir((*this / name).c_str(), 0755);
    return *this / name;
  }

 private:
  std::string path_;
};

}  // namespace volumeter::test
