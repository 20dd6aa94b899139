# engines.cmake - helios_engine(NAME FOLDER): the interpreter NAME, built by FOLDER/engine/build.sh from
# toolchain/src/NAME, as an object for the heliosc program; an empty one if it can't be built here.
# Appends to ENGINE_OBJECTS. helios_engine_module(MODULE NAME FOLDER FILE...): the module alone; FILEs are what it is made of
# beside its folder. The presets share what was built (build/engines).
find_program(WASI_CLANG clang NAMES_PER_DIR)
set(WASI_LIBC /usr/lib/wasm32-wasi/libc.a)
if(WASI_CLANG)
  execute_process(COMMAND ${WASI_CLANG} --target=wasm32-wasi --rtlib=compiler-rt -print-libgcc-file-name
    OUTPUT_VARIABLE WASI_BUILTINS OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
function(helios_engine_module module name folder)
  set(once ${CMAKE_SOURCE_DIR}/sdk/engine/once.sh)
  file(GLOB glue CONFIGURE_DEPENDS ${folder}/engine/*.[ch] ${folder}/engine/*.py ${folder}/heliosdb.* ${CMAKE_SOURCE_DIR}/sdk/engine/*.h ${CMAKE_SOURCE_DIR}/sdk/engine/*.py)
  list(APPEND glue ${CMAKE_SOURCE_DIR}/sdk/c/heliosdb.h ${CMAKE_SOURCE_DIR}/rt-sandbox/hsb_where.h ${ARGN})
  add_custom_command(OUTPUT ${module}
    COMMAND sh ${once} ${CMAKE_SOURCE_DIR}/build/engines ${module} ${CMAKE_SOURCE_DIR} ${folder}/engine/build.sh ${CMAKE_SOURCE_DIR}/toolchain/src/${name} ${glue}
    DEPENDS ${once} ${folder}/engine/build.sh ${glue} COMMENT "Building the interpreter ${name}" VERBATIM)
endfunction()
function(helios_engine name folder)
  set(source ${CMAKE_SOURCE_DIR}/toolchain/src/${name})
  set(module ${CMAKE_BINARY_DIR}/generated/${name}.wasm)
  set(text ${CMAKE_BINARY_DIR}/generated/${name}.S)
  if(IS_DIRECTORY ${source} AND EXISTS ${WASI_LIBC} AND EXISTS "${WASI_BUILTINS}")
    helios_engine_module(${module} ${name} ${folder} ${CMAKE_SOURCE_DIR}/rt-sandbox/hsb_status.def)
    set(bytes ".incbin \"${module}\"")
    set_source_files_properties(${text} PROPERTIES OBJECT_DEPENDS ${module})
  else()
    message(STATUS "${name} is left out: no ${source}, clang, wasi-libc or its compiler-rt (.ci/setup.sh gets them)")
    set(bytes "")
  endif()
  file(CONFIGURE OUTPUT ${text} CONTENT ".section .rodata
.globl hcc_engine_${name}, hcc_engine_${name}_end
.hidden hcc_engine_${name}, hcc_engine_${name}_end
.balign 16
hcc_engine_${name}:
${bytes}
hcc_engine_${name}_end:
.byte 0
.section .note.GNU-stack,\"\",@progbits
")
  set(ENGINE_OBJECTS ${ENGINE_OBJECTS} ${text} PARENT_SCOPE)
endfunction()
