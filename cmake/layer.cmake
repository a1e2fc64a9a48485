# volumeter_layer(NAME SOURCES a.cpp ... LINKS target ...)
# One folder of the data flow as a static library `volumeter_NAME`.
function(volumeter_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(volumeter_${name} STATIC ${arg_SOURCES})
  target_link_libraries(volumeter_${name} PUBLIC volumeter_flags ${arg_LINKS})
  if(VOLUMETER_PRECOMPILE STREQUAL "all")
    volumeter_precompile(volumeter_${name} volumeter_base
      <algorithm> <chrono> <functional> <map> <memory> <mutex> <optional> <string> <string_view>
      <utility> <variant> <vector>)
  endif()
endfunction()
