// SPDX-License-Identifier: Apache-2.0
// hung_fuse_mount DIRECTORY: mounts a filesystem there that can hang, says "mounted", and
// obeys a line at a time: "hang", "release". Each is answered with a line, "waiting" with
// the number of questions that have no answer. Ends, and unmounts, at the end of its input.
#include <iostream>
#include <stdexcept>
#include <string>

#include "tests/support/hung_fuse.h"

namespace {

void obey(volumeter::test::HungFuse& mount, const std::string& command) {
  if (command == "hang") {
    mount.hang();
  } else if (command == "release") {
    mount.release();
  } else if (command == "waiting") {
    std::cout << mount.waiting() << std::endl;
    return;
  } else {
    throw std::runtime_error("unknown command " + command);
  }
  std::cout << "done" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: hung_fuse_mount DIRECTORY\n";
    return 2;
  }
  try {
    volumeter::test::HungFuse mount(argv[1], 3);
    std::cout << "mounted" << std::endl;
    for (std::string command; std::getline(std::cin, command);) obey(mount, command);
    return 0;
  } catch (const std::exception& exception) {
    std::cerr << "hung_fuse_mount: " << exception.what() << "\n";
    return 1;
  }
}
