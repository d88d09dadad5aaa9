# Data files that live in the binary: each becomes a raw string in build/generated, so that fwprobe needs no
# installed files. The table's order is the file names' order.
file(GLOB published CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/allowlist/published/*.yaml)
set(rows "")
foreach(file IN LISTS published)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND rows "    {\"${name}\", R\"fwprobe(${text})fwprobe\"},\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/generated/published_lists.inc CONTENT "@rows@" @ONLY)
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/generated/version.h
     CONTENT "#pragma once\n#define FWPROBE_VERSION \"@PROJECT_VERSION@\"\n" @ONLY)
file(READ ${CMAKE_CURRENT_SOURCE_DIR}/reports/report.css css)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/reports/report.css)
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/generated/report_css.inc CONTENT "R\"fwprobe(@css@)fwprobe\"\n" @ONLY)
