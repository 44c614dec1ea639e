# Writes OUTPUT, a C++ source that holds the text of every file of SQL_FILES, found by its name (storage/embedded_sql.h).
set(entries "")
foreach(file IN LISTS SQL_FILES)
  get_filename_component(name ${file} NAME)
  file(READ ${file} text)
  string(APPEND entries "    if (name == \"${name}\") {\n        return R\"sql_text(${text})sql_text\";\n    }\n")
endforeach()
file(WRITE ${OUTPUT} "// Generated from resources/schemas/sql by storage/embed_sql.cmake.
#include \"storage/embedded_sql.h\"

#include <string>

#include \"engine/base/error.h\"

namespace longscope {

std::string_view embedded_sql(std::string_view name) {
${entries}    throw failed(\"schema: no embedded file \" + std::string(name));
}

}  // namespace longscope
")
