# Run at every build: writes version.cpp anew only when the revision has changed. The checkout may belong to another
# user (a container, continuous integration), and reading it must not write to its index.
execute_process(COMMAND git --no-optional-locks -c safe.directory=* -C ${SOURCE_DIR}
                        describe --always --dirty --abbrev=12
                OUTPUT_VARIABLE LONGSCOPE_REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT LONGSCOPE_REVISION)
  set(LONGSCOPE_REVISION unknown)
endif()
configure_file(${SOURCE_DIR}/engine/base/version.cpp.in ${OUTPUT} @ONLY)
