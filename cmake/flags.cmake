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
target_compile_options(volumeter_flags INTERFACE ${sanitizers})
target_link_options(volumeter_flags INTERFACE ${sanitizers})

# Headers that many files include, parsed once. "all" is for the trees of the sanitizers: that
# each file includes what it needs is proven by the release build, which precompiles nothing of
# the program. "tests" is free of that danger: each test includes all of Catch2 anyway.
set(VOLUMETER_PRECOMPILE "" CACHE STRING "Precompile headers: empty, tests or all")

# volumeter_precompile(TARGET FIRST header ...): TARGET shares the headers that FIRST precompiles.
function(volumeter_precompile target first)
  if(target STREQUAL first)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${first})
  endif()
endfunction()
