# One CMake target per source folder. A target sees its own headers and those of the targets that it links, and no others:
# the include path of a folder holds a link to that folder alone, so that a forbidden include does not build.
set(SQLMAP_SANITIZE "" CACHE STRING "comma separated list for -fsanitize=")

option(SQLMAP_WERROR "Warnings are errors; not where an unknown compiler of tomorrow builds a package" ON)

# Where files are compiled together, a name of one may shadow another's.
add_library(sqlmap_warnings INTERFACE)
target_compile_options(sqlmap_warnings INTERFACE
  -Wall -Wextra -Wpedantic $<$<NOT:$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wshadow> -Wconversion -Wsign-conversion -Wcast-qual -Wformat=2 -Wundef
  -Wimplicit-fallthrough $<$<BOOL:${SQLMAP_WERROR}>:-Werror>
  # libstdc++'s std::stable_sort uses what it calls deprecated itself, and clang says so where we call it.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)

add_compile_options(-fstack-protector-strong -fno-strict-aliasing)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64")
  add_compile_options(-fcf-protection)
endif()
if(SQLMAP_SANITIZE)
  # Not vptr: it needs RTTI, which the modules do not have, and free descriptors, which some tests take away.
  add_compile_options(-fsanitize=${SQLMAP_SANITIZE} -fno-sanitize=vptr -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SQLMAP_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT CMAKE_CXX_FLAGS MATCHES _FORTIFY_SOURCE)
  add_compile_definitions(_FORTIFY_SOURCE=2)
endif()
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)

# sqlmap_folder_includes(TARGET FOLDER): TARGET's users include this folder as "FOLDER/file.h" (FOLDER is relative to src/).
function(sqlmap_folder_includes target folder)
  set(root ${PROJECT_BINARY_DIR}/include/${target})
  get_filename_component(parent ${root}/${folder} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${folder} ${root}/${folder} SYMBOLIC)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    target_include_directories(${target} INTERFACE ${root})
  else()
    target_include_directories(${target} PUBLIC ${root})
  endif()
endfunction()

# sqlmap_folder_library(TARGET FOLDER SOURCES...): the static library of one folder of src/.
function(sqlmap_folder_library target folder)
  add_library(${target} STATIC ${ARGN})
  target_link_libraries(${target} PRIVATE sqlmap_warnings)
  sqlmap_folder_includes(${target} ${folder})
endfunction()

# sqlmap_compile_alone(SOURCE...): for the presets that compile many files of a target as one (CMAKE_UNITY_BUILD), which takes an eighth of
# the time: not these, whose unnamed namespaces have a name that another file's has, too.
function(sqlmap_compile_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
