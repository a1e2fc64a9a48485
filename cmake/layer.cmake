# volumeter_layer(NAME SOURCES a.cpp ... LINKS target ...)
# One folder of the data flow as a static library `volumeter_NAME`.
function(volumeter_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(volumeter_${name} STATIC ${arg_SOURCES})
  target_link_libraries(volumeter_${name} PUBLIC volumeter_flags ${arg_LINKS})
  if(VOLUMETER_UNITY)
    set_target_properties(volumeter_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
  endif()
  volumeter_precompile(volumeter_${name} volumeter_base
    <algorithm> <chrono> <functional> <map> <memory> <mutex> <optional> <string> <string_view>
    <utility> <variant> <vector>)
endfunction()
