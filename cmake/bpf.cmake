# eBPF is optional: without libbpf, clang or bpftool the program is built without it and says so.
pkg_check_modules(libbpf IMPORTED_TARGET libbpf>=1.0)
find_program(VOLUMETER_CLANG NAMES clang clang-16 clang-15 clang-14)
find_program(VOLUMETER_BPFTOOL bpftool PATHS /usr/sbin /sbin)
if(libbpf_FOUND AND VOLUMETER_CLANG AND VOLUMETER_BPFTOOL)
  set(VOLUMETER_HAS_BPF ON)
endif()
option(VOLUMETER_EBPF "Count I/O by eBPF where the kernel allows it" ${VOLUMETER_HAS_BPF})
if(VOLUMETER_EBPF AND NOT VOLUMETER_HAS_BPF)
  message(FATAL_ERROR "VOLUMETER_EBPF needs libbpf-dev, clang and bpftool")
endif()

# volumeter_bpf(TARGET name...): programs of name.bpf.c in the current folder, as name.skel.h.
function(volumeter_bpf target)
  set(folder ${PROJECT_BINARY_DIR}/generated/exporter/sources/ebpf/bpf)
  file(MAKE_DIRECTORY ${folder})
  file(GLOB headers ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  foreach(name ${ARGN})
    set(source ${CMAKE_CURRENT_SOURCE_DIR}/${name}.bpf.c)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
    set(skeleton ${folder}/${name}.skel.h)
    add_custom_command(OUTPUT ${skeleton}
      COMMAND ${VOLUMETER_CLANG} -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Wno-unused-parameter -Werror
        -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE} -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
        -c ${source} -o ${object}
      COMMAND ${VOLUMETER_BPFTOOL} gen skeleton ${object} name ${name}_bpf > ${skeleton}
      DEPENDS ${source} ${headers}
      VERBATIM)
    list(APPEND skeletons ${skeleton})
  endforeach()
  # The target was made in another folder, which does not see the rules of this one.
  add_custom_target(${target}_bpf DEPENDS ${skeletons})
  add_dependencies(${target} ${target}_bpf)
  # Generated code is not ours to keep free of warnings.
  target_include_directories(${target} SYSTEM PRIVATE ${PROJECT_BINARY_DIR}/generated)
endfunction()
