/* prototypes.c - the child that asks libclang, and its parent. The child must decide nothing: it
 * writes down what is in the source; c_build.c gives it a meaning. Invariants: see prototypes.h.
 */
#include "prototypes.h"

#include <clang-c/Index.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "fs.h"

#define OUTPUT "prototypes.json"
#define OUTPUT_MAX (16u << 20)
#define FLAGS_MAX 64
#define CHAIN_MAX 32 /* typedefs of typedefs */

static struct {
#define HCC_CLANG(name) __typeof__(clang_##name) *name;
#include "libclang.def"
#undef HCC_CLANG
} clang;

static bool load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  bool found = library != NULL;
#define HCC_CLANG(name)                                                                            \
  if (found) {                                                                                     \
    void *at = dlsym(library, "clang_" #name);                                                     \
    memcpy(&clang.name, &at, sizeof at);                                                           \
    found = at != NULL;                                                                            \
  }
#include "libclang.def"
#undef HCC_CLANG
  return found;
}

static void add_string(cJSON *o, const char *field, CXString text) {
  const char *c = clang.getCString(text);
  cJSON_AddStringToObject(o, field, c == NULL ? "" : c);
  clang.disposeString(text);
}

static void add_place(cJSON *o, CXSourceLocation at, bool with_file) {
  CXFile file = NULL;
  unsigned line = 0, column = 0;
  clang.getFileLocation(at, &file, &line, &column, NULL);
  cJSON_AddNumberToObject(o, "line", line);
  cJSON_AddNumberToObject(o, "column", column);
  if (with_file && file != NULL) {
    add_string(o, "file", clang.getFileName(file));
  }
}

static void add_diagnostics(cJSON *root, CXTranslationUnit unit) {
  static const char *const levels[] = {"ignored", "note", "warning", "error", "error"};
  cJSON *list = cJSON_AddArrayToObject(root, "diagnostics");
  unsigned count = clang.getNumDiagnostics(unit);
  for (unsigned i = 0; i < count; i++) {
    CXDiagnostic d = clang.getDiagnostic(unit, i);
    unsigned severity = (unsigned)clang.getDiagnosticSeverity(d);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "level", levels[severity < 5 ? severity : 3]);
    add_string(o, "text", clang.getDiagnosticSpelling(d));
    add_string(o, "option", clang.getDiagnosticOption(d, NULL));
    add_place(o, clang.getDiagnosticLocation(d), true);
    cJSON_AddItemToArray(list, o);
  }
}

/* A type's own name: without const and struct. */
static void add_own_name(cJSON *names, CXType type) {
  static const char *const words[] = {"const ", "volatile ", "struct ", "enum "};
  CXString spelling = clang.getTypeSpelling(clang.getCanonicalType(type));
  const char *text = clang.getCString(spelling);
  for (size_t i = 0; text != NULL && i < sizeof words / sizeof *words; i++) {
    text += strncmp(text, words[i], strlen(words[i])) == 0 ? strlen(words[i]) : 0;
  }
  cJSON_AddItemToArray(names, cJSON_CreateString(text == NULL ? "" : text));
  clang.disposeString(spelling);
}

static bool step(CXType *type) {
  if (type->kind == CXType_Elaborated) {
    *type = clang.Type_getNamedType(*type);
    return true;
  }
  if (type->kind == CXType_Typedef) {
    *type = clang.getTypedefDeclUnderlyingType(clang.getTypeDeclaration(*type));
    return true;
  }
  return false;
}

static cJSON *type_object(CXType type) {
  cJSON *o = cJSON_CreateObject();
  add_string(o, "shown", clang.getTypeSpelling(type));
  bool pointer = clang.getCanonicalType(type).kind == CXType_Pointer;
  for (int i = 0; pointer && i < CHAIN_MAX && type.kind != CXType_Pointer; i++) {
    if (!step(&type)) {
      break;
    }
  }
  type = pointer ? clang.getPointeeType(type) : type;
  cJSON_AddBoolToObject(o, "pointer", pointer);
  cJSON_AddBoolToObject(o, "const", clang.isConstQualifiedType(clang.getCanonicalType(type)) != 0);
  cJSON *names = cJSON_AddArrayToObject(o, "names");
  for (int i = 0; i < CHAIN_MAX; i++) {
    if (type.kind == CXType_Typedef) {
      CXString name = clang.getTypedefName(type);
      cJSON_AddItemToArray(names, cJSON_CreateString(clang.getCString(name)));
      clang.disposeString(name);
    }
    if (!step(&type)) {
      break;
    }
  }
  add_own_name(names, type);
  return o;
}

static enum CXChildVisitResult visit_attribute(CXCursor c, CXCursor parent, CXClientData list) {
  (void)parent;
  if (clang.getCursorKind(c) == CXCursor_AnnotateAttr) {
    CXString text = clang.getCursorSpelling(c);
    const char *shown = clang.getCString(text);
    cJSON_AddItemToArray(list, cJSON_CreateString(shown == NULL ? "" : shown));
    clang.disposeString(text);
  }
  return CXChildVisit_Continue;
}

static void add_function(cJSON *list, CXCursor c) {
  cJSON *o = cJSON_CreateObject();
  add_string(o, "name", clang.getCursorSpelling(c));
  add_place(o, clang.getCursorLocation(c), false);
  add_string(o, "symbol", clang.Cursor_getMangling(c));
  add_string(o, "comment", clang.Cursor_getRawCommentText(c));
  cJSON_AddBoolToObject(o, "variadic", clang.Cursor_isVariadic(c) != 0);
  clang.visitChildren(c, visit_attribute, cJSON_AddArrayToObject(o, "annotations"));
  cJSON_AddItemToObject(o, "result", type_object(clang.getCursorResultType(c)));
  cJSON *params = cJSON_AddArrayToObject(o, "params");
  int count = clang.Cursor_getNumArguments(c);
  for (int i = 0; i < count; i++) {
    CXCursor argument = clang.Cursor_getArgument(c, (unsigned)i);
    cJSON *p = cJSON_CreateObject();
    add_string(p, "name", clang.getCursorSpelling(argument));
    add_place(p, clang.getCursorLocation(argument), false);
    cJSON_AddItemToObject(p, "type", type_object(clang.getCursorType(argument)));
    cJSON_AddItemToArray(params, p);
  }
  cJSON_AddItemToArray(list, o);
}

static enum CXChildVisitResult visit(CXCursor c, CXCursor parent, CXClientData root) {
  (void)parent;
  enum CXCursorKind kind = clang.getCursorKind(c);
  if (clang.Location_isFromMainFile(clang.getCursorLocation(c)) == 0) {
    return CXChildVisit_Continue;
  }
  if (kind == CXCursor_LinkageSpec || kind == CXCursor_UnexposedDecl) {
    return CXChildVisit_Recurse; /* extern "C" { } */
  }
  cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "functions");
  if (kind == CXCursor_VarDecl) {
    clang.visitChildren(c, visit_attribute, cJSON_GetObjectItemCaseSensitive(root, "annotations"));
  } else if (kind == CXCursor_FunctionDecl && clang.isCursorDefinition(c) != 0 &&
             clang.Cursor_getStorageClass(c) != CX_SC_Static &&
             clang.Cursor_isFunctionInlined(c) == 0) {
    add_function(list, c);
  }
  return CXChildVisit_Continue;
}

static void on_inclusion(CXFile file, CXSourceLocation *stack, unsigned depth, CXClientData root) {
  (void)stack;
  (void)depth;
  CXString name = clang.getFileName(file);
  cJSON_AddItemToArray(root, cJSON_CreateString(clang.getCString(name)));
  clang.disposeString(name);
}

static int write_json(const char *path, const cJSON *root) {
  hcc_error err = {.code = HCC_OK};
  char *text = cJSON_PrintUnformatted(root);
  int status = text == NULL ? 1 : hcc_file_write(path, text, strlen(text), &err);
  cJSON_free(text);
  return status != 0;
}

int hcc_prototypes_main(int argc, char **argv) {
  CXTranslationUnit unit = NULL;
  if (argc < 3 || !load(argv[0])) {
    return 2;
  }
  CXIndex index = clang.createIndex(0, 0);
  if (clang.parseTranslationUnit2(index, argv[2], (const char *const *)argv + 3, argc - 3, NULL, 0,
                                  CXTranslationUnit_None, &unit) != CXError_Success) {
    return 3;
  }
  cJSON *root = cJSON_CreateObject();
  add_diagnostics(root, unit);
  clang.getInclusions(unit, on_inclusion, cJSON_AddArrayToObject(root, "files"));
  cJSON_AddArrayToObject(root, "functions");
  cJSON_AddArrayToObject(root, "annotations");
  clang.visitChildren(clang.getTranslationUnitCursor(unit), visit, root);
  return write_json(argv[1], root); /* the process ends now: nothing is given back */
}

/* ---- the parent ---- */

static bool texts(const cJSON *list) {
  const cJSON *v;
  cJSON_ArrayForEach(v, list) {
    if (!cJSON_IsString(v)) {
      return false;
    }
  }
  return cJSON_IsArray(list);
}

static const cJSON *field(const cJSON *o, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(o, name);
}

static bool place(const cJSON *o) {
  return cJSON_IsNumber(field(o, "line")) && cJSON_IsNumber(field(o, "column"));
}

static bool good_type(const cJSON *type) {
  return cJSON_IsString(field(type, "shown")) && cJSON_IsBool(field(type, "pointer")) &&
         cJSON_IsBool(field(type, "const")) && texts(field(type, "names")) &&
         field(type, "names")->child != NULL;
}

static bool good_function(const cJSON *f) {
  const cJSON *p;
  cJSON_ArrayForEach(p, field(f, "params")) {
    if (!cJSON_IsString(field(p, "name")) || !place(p) || !good_type(field(p, "type"))) {
      return false;
    }
  }
  return cJSON_IsString(field(f, "name")) && cJSON_IsString(field(f, "symbol")) && place(f) &&
         cJSON_IsString(field(f, "comment")) && cJSON_IsBool(field(f, "variadic")) &&
         texts(field(f, "annotations")) && good_type(field(f, "result")) &&
         cJSON_IsArray(field(f, "params"));
}

static bool good(const cJSON *root) {
  const cJSON *v;
  cJSON_ArrayForEach(v, field(root, "diagnostics")) {
    if (!cJSON_IsString(field(v, "level")) || !cJSON_IsString(field(v, "text")) ||
        !cJSON_IsString(field(v, "option")) || !place(v)) {
      return false;
    }
  }
  cJSON_ArrayForEach(v, field(root, "functions")) {
    if (!good_function(v)) {
      return false;
    }
  }
  return texts(field(root, "files")) && texts(field(root, "annotations"));
}

static int read_output(cJSON **out, const hcc_prototypes_job *job, hcc_error *err) {
  char path[HCC_PATH];
  uint8_t *text = NULL;
  size_t size;
  int status;
  HCC_TRY(hcc_path(path, err, "%s/" OUTPUT, job->folder));
  HCC_TRY(hcc_file_read(&text, &size, path, OUTPUT_MAX, err));
  *out = cJSON_ParseWithLength((const char *)text, size);
  if (!good(*out)) {
    cJSON_Delete(*out);
    *out = NULL;
    status = hcc_fail(err, HCC_E_TOOL_FAILED, HCC_NO_OFFSET, "libclang's answer has a wrong form");
  }
out:
  free(text);
  return status;
}

/* The address sanitizer's shadow alone is larger than any limit. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

int hcc_prototypes_read(cJSON **out, const hcc_prototypes_job *job, hcc_error *err) {
  hcc_jail jail = *job->jail;
  jail.memory = SANITIZED ? UINT64_MAX : jail.memory;
  const char *argv[FLAGS_MAX + 8] = {"/proc/self/exe", HCC_PROTOTYPES, job->libclang, OUTPUT,
                                     job->source};
  hcc_run run = {.tool = "libclang",
                 .argv = argv,
                 .folder = job->folder,
                 .jail = &jail,
                 .seconds = job->seconds};
  hcc_ran ran;
  for (size_t i = 0; job->flags[i] != NULL && i < FLAGS_MAX; i++) {
    argv[5 + i] = job->flags[i];
  }
  *out = NULL;
  int status = hcc_run_one(&ran, &run, err);
  return status != 0 ? status : read_output(out, job, err);
}
