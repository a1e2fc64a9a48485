# Warnings and sanitizers of every target, as one interface target.
add_library(volumeter_flags INTERFACE)
target_include_directories(volumeter_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(volumeter_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fno-omit-frame-pointer
  # g++ 12 takes every member that a designated initializer leaves out for forgotten.
  -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC bug 105651: g++ 12 sees an overlap in "literal" + std::string.
  target_compile_options(volumeter_flags INTERFACE -Wno-restrict)
endif()

if(VOLUMETER_SANITIZE STREQUAL "address")
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(VOLUMETER_SANITIZE STREQUAL "thread")
  set(sanitizers -fsanitize=thread)
endif()
if(VOLUMETER_FUZZ)
  list(APPEND sanitizers -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
endif()
target_compile_options(volumeter_flags INTERFACE ${sanitizers})
target_link_options(volumeter_flags INTERFACE ${sanitizers})

# What nearly every file includes, read once for each target. Only where speed matters more than
# that each file names all that it needs: a build without it proves that. With g++ 12 it makes
# warnings that are none (-Warray-bounds).
option(VOLUMETER_PRECOMPILE "Precompile the headers that all files include" OFF)
if(VOLUMETER_PRECOMPILE)
  target_precompile_headers(volumeter_flags INTERFACE
    <algorithm> <chrono> <functional> <map> <memory> <mutex> <optional> <string> <string_view>
    <utility> <variant> <vector>)
endif()
