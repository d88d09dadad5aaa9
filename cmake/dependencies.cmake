# Everything that is not measuring, judging or comparing comes from a library in Debian stable.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(uriparser REQUIRED)
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(cares REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(libidn2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(libssh2 REQUIRED IMPORTED_TARGET libssh2)
add_library(c-ares ALIAS PkgConfig::cares)
add_library(idn2 ALIAS PkgConfig::libidn2)
add_library(ssh2 ALIAS PkgConfig::libssh2)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)

# The C++ runtime takes the dynamic loader 3 ms at each start, for it resolves thousands of symbols, so what users run has it
# inside, and with it what reads the user's own files. The C libraries, which parse what comes from the network, stay shared:
# they get their security updates from the system.
if(FWPROBE_STATIC_CXX)
  find_library(YAML_STATIC libyaml.a REQUIRED)
  add_library(yaml INTERFACE)
  target_link_libraries(yaml INTERFACE ${YAML_STATIC})
  find_library(SQLITE_STATIC libsqlite3.a REQUIRED)
  add_library(sqlite INTERFACE)
  target_link_libraries(sqlite INTERFACE ${SQLITE_STATIC} m)
  add_library(fmt ALIAS fmt::fmt-header-only)  # Debian has no archive of it
else()
  add_library(yaml ALIAS PkgConfig::yaml)
  add_library(sqlite ALIAS PkgConfig::sqlite3)
  add_library(fmt ALIAS fmt::fmt)
endif()

add_library(warnings INTERFACE)
target_compile_options(warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  $<$<CXX_COMPILER_ID:Clang>:-Wzero-as-null-pointer-constant> $<$<CXX_COMPILER_ID:Clang>:-Wreserved-identifier>)
# GCC 12 inlines Asio's operator new for coroutine frames without its operator delete, and misses the pair.
target_compile_options(warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)

# Asio compiled once instead of in every source: most of a full build's time otherwise.
find_path(ASIO_INCLUDE asio.hpp REQUIRED)
file(WRITE ${CMAKE_BINARY_DIR}/asio.cc.in "#include <asio/impl/src.hpp>\n#include <asio/ssl/impl/src.hpp>\n")
configure_file(${CMAKE_BINARY_DIR}/asio.cc.in ${CMAKE_BINARY_DIR}/asio.cc COPYONLY)
add_library(asio STATIC ${CMAKE_BINARY_DIR}/asio.cc)
target_include_directories(asio SYSTEM PUBLIC ${ASIO_INCLUDE})
target_compile_definitions(asio PUBLIC ASIO_STANDALONE ASIO_SEPARATE_COMPILATION ASIO_NO_DEPRECATED
                                       ASIO_NO_TS_EXECUTORS ASIO_DISABLE_STD_ALIGNED_ALLOC)
# ASIO_DISABLE_STD_ALIGNED_ALLOC: whether Asio 1.22 sees aligned_alloc depends on what was included before it, so one
# source would free with operator delete what another took with aligned_alloc.
# Asio 1.22 knows Clang's coroutines only by the name that they had before C++20.
target_compile_definitions(asio PUBLIC $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE>)
target_link_libraries(asio PUBLIC Threads::Threads OpenSSL::SSL)

# Debian ships llhttp as the C sources that Node.js compiles (package node-llhttp).
find_path(LLHTTP_INCLUDE llhttp.h PATH_SUFFIXES llhttp PATHS /usr/share/include REQUIRED)
find_path(LLHTTP_SOURCES llhttp.c PATHS /usr/share/llhttp REQUIRED)
add_library(llhttp STATIC ${LLHTTP_SOURCES}/api.c ${LLHTTP_SOURCES}/http.c ${LLHTTP_SOURCES}/llhttp.c)
target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE})
target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)

# Header-only, found by their headers so that their own CMake files need not be installed.
foreach(header_only nlohmann_json:nlohmann/json.hpp cli11:CLI/CLI.hpp)
  string(REPLACE ":" ";" parts ${header_only})
  list(GET parts 0 name)
  list(GET parts 1 header)
  find_path(${name}_INCLUDE ${header} REQUIRED)
  add_library(${name} INTERFACE)
  target_include_directories(${name} SYSTEM INTERFACE ${${name}_INCLUDE})
endforeach()

# RESTinio 0.6 is header-only but for the parser of Node.js before llhttp. Its `expected` must be its own: with the standard
# library's, which Clang sees and GCC 12 does not, it does not compile.
find_path(RESTINIO_INCLUDE restinio/all.hpp REQUIRED)
find_library(HTTP_PARSER http_parser REQUIRED)
# It also uses three names of Asio that ASIO_NO_DEPRECATED hides. All sources must have that the same way, so its two
# headers that name them are taken from a copy with the names that replaced them.
file(READ ${RESTINIO_INCLUDE}/restinio/impl/acceptor.hpp acceptor)
string(REPLACE "socket_base::max_connections" "socket_base::max_listen_connections" acceptor "${acceptor}")
string(REPLACE "ip::address::from_string" "ip::make_address" acceptor "${acceptor}")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/restinio/restinio/impl/acceptor.hpp CONTENT "${acceptor}" @ONLY)
file(READ ${RESTINIO_INCLUDE}/restinio/impl/connection.hpp connection)
string(REPLACE "asio_ns::buffer_cast< const char * >(" "static_cast< const char * >(" connection "${connection}")
string(REPLACE "items().front().buf() )" "items().front().buf().data() )" connection "${connection}")
string(REPLACE "\"parser_callbacks.ipp\"" "<restinio/impl/parser_callbacks.ipp>" connection "${connection}")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/restinio/restinio/impl/connection.hpp CONTENT "${connection}" @ONLY)
add_library(restinio INTERFACE)
target_include_directories(restinio SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/restinio ${RESTINIO_INCLUDE})
target_compile_definitions(restinio INTERFACE nsel_CONFIG_SELECT_EXPECTED=nsel_EXPECTED_NONSTD)
target_link_libraries(restinio INTERFACE ${HTTP_PARSER} fmt)
