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
  # GCC bug 80635: g++ 14 takes the value of an empty std::optional for used.
  target_compile_options(volumeter_flags INTERFACE -Wno-maybe-uninitialized)
endif()

if(VOLUMETER_SANITIZE STREQUAL "address")
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(VOLUMETER_SANITIZE STREQUAL "thread")
  set(sanitizers -fsanitize=thread)
endif()
target_compile_options(volumeter_flags INTERFACE ${sanitizers})
target_link_options(volumeter_flags INTERFACE ${sanitizers})

# Both save half of the time that a tree takes; that each file includes what it needs is proven
# by the preset dev, which uses neither.
option(VOLUMETER_UNITY "Compile the files of a layer together" OFF)
option(VOLUMETER_PRECOMPILE "Precompile the headers that many files include" OFF)

# volumeter_precompile(TARGET FIRST header ...): TARGET shares the headers that FIRST precompiles.
function(volumeter_precompile target first)
  if(NOT VOLUMETER_PRECOMPILE)
    return()
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # What a compiler cache needs to see that two are the same.
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
  if(target STREQUAL first)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${first})
  endif()
endfunction()
