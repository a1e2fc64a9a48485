# volumeter_layer(NAME [SEPARATE] SOURCES a.cpp ... LINKS target ...)
# One folder of the data flow as a static library `volumeter_NAME`. SEPARATE: its files give
# their parts the same names and cannot be compiled as one.
function(volumeter_layer name)
  cmake_parse_arguments(arg "SEPARATE" "" "SOURCES;LINKS" ${ARGN})
  add_library(volumeter_${name} STATIC ${arg_SOURCES})
  target_link_libraries(volumeter_${name} PUBLIC volumeter_flags ${arg_LINKS})
  if(VOLUMETER_UNITY AND NOT arg_SEPARATE)
    set_target_properties(volumeter_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
  endif()
  volumeter_precompile(volumeter_${name} volumeter_base
    <algorithm> <chrono> <functional> <map> <memory> <mutex> <optional> <string> <string_view>
    <utility> <variant> <vector>)
endfunction()
