# Included by every project() of llama.cpp's build (CMAKE_PROJECT_INCLUDE), to compile it in a quarter of the time.
#
# Most of that time goes into parsing the same headers for some two hundred small sources, so libllama and libmtmd are
# compiled a dozen sources at a time. ggml is left as it is: its CPU sources define names twice. The library that only
# llama.cpp's own programs use keeps its name, for a rule of the installation asks for the file, and nothing else.
if(NOT ANTIPHON_TRIM_DEFERRED)
  set(ANTIPHON_TRIM_DEFERRED ON CACHE INTERNAL "The targets are there only once the outermost project has been read.")
  cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL antiphon_trim)
endif()

function(antiphon_trim)
  foreach(library llama mtmd)
    if(TARGET ${library})
      set_target_properties(${library} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
    endif()
  endforeach()

  # These two define static functions of the same names as their neighbours.
  if(TARGET mtmd)
    get_target_property(sources mtmd SOURCE_DIR)
    foreach(source mtmd-helper.cpp mtmd-helper-gen.cpp)
      set_source_files_properties(${sources}/${source} TARGET_DIRECTORY mtmd PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endforeach()
  endif()

  set(empty ${CMAKE_BINARY_DIR}/antiphon_empty.cpp)
  file(WRITE ${empty} "extern \"C\" int antiphon_left_out(void) { return 0; }\n")
  foreach(library llama-common llama-common-base)
    if(TARGET ${library})
      set_target_properties(${library} PROPERTIES SOURCES ${empty})
    endif()
  endforeach()
endfunction()
