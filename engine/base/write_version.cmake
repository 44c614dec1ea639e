# Run at every build: writes version.cpp anew only when the revision has changed.
execute_process(COMMAND git -C ${SOURCE_DIR} describe --always --dirty --abbrev=12
                OUTPUT_VARIABLE LONGSCOPE_REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT LONGSCOPE_REVISION)
  set(LONGSCOPE_REVISION unknown)
endif()
configure_file(${SOURCE_DIR}/engine/base/version.cpp.in ${OUTPUT} @ONLY)
