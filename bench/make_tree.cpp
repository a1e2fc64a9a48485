// SPDX-License-Identifier: Apache-2.0
// Makes the trees that bench/walk.py measures, by descriptors and in C++ because a million
// files are slow to make otherwise.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporter/base/unique_fd.h"

namespace {

using volumeter::UniqueFd;

[[noreturn]] void fail(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

UniqueFd make_directory(int parent, const std::string& name) {
  if (::mkdirat(parent, name.c_str(), 0755) != 0) fail("mkdir " + name);
  UniqueFd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) fail("open " + name);
  return fd;
}

// One file in ten has data, one is long and has none, the others are empty.
void make_file(int parent, int number) {
  const std::string name = "file-" + std::to_string(number);
  const UniqueFd fd(::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd) fail("create " + name);
  static constexpr char kData[4096] = {'x'};
  if (number % 10 == 0 && ::write(fd.get(), kData, sizeof kData) != sizeof kData) fail("write");
  if (number % 10 == 5 && ::ftruncate(fd.get(), 1 << 20) != 0) fail("ftruncate");
}

void make_files(int parent, int count) {
  for (int i = 0; i < count; ++i) make_file(parent, i);
}

void make_wide(int root) {
  for (int i = 0; i < 1000; ++i) {
    const UniqueFd parent = make_directory(root, "parent-" + std::to_string(i));
    for (int j = 0; j < 10; ++j) {
      make_files(make_directory(parent.get(), "leaf-" + std::to_string(j)).get(), 100);
    }
  }
}

void make_deep(int root) {
  UniqueFd at = make_directory(root, "level-0");
  for (int i = 1; i <= 1000; ++i) {
    make_files(at.get(), 50);
    if (i < 1000) at = make_directory(at.get(), "level-" + std::to_string(i));
  }
}

void make_links(int root) {
  const UniqueFd first = make_directory(root, "set-0");
  make_files(first.get(), 4000);
  for (int i = 1; i < 50; ++i) {
    const UniqueFd set = make_directory(root, "set-" + std::to_string(i));
    for (int j = 0; j < 4000; ++j) {
      const std::string name = "file-" + std::to_string(j);
      if (::linkat(first.get(), name.c_str(), set.get(), name.c_str(), 0) != 0) fail("link");
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_make_tree wide|flat|deep|links NEW_FOLDER\n");
    return 2;
  }
  const std::string_view kind = argv[1];
  const UniqueFd root = make_directory(AT_FDCWD, argv[2]);
  if (kind == "wide") {
    make_wide(root.get());
  } else if (kind == "flat") {
    make_files(root.get(), 500'000);
  } else if (kind == "deep") {
    make_deep(root.get());
  } else if (kind == "links") {
    make_links(root.get());
  } else {
    std::fprintf(stderr, "unknown tree: %s\n", argv[1]);
    return 2;
  }
  return 0;
}
