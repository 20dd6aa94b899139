/* host.c - module heliosdb but for statements (database.c): one function for each of the host's. It
 * never judges what is allowed: the host does, and its refusal is an exception. */
#include "database.h"
#include "engine.h"
#include "py/objstr.h"

static hp_bytes any_bytes(mp_obj_t o) {
  return hp_bytes_of(o); /* of a str: its UTF-8 */
}

/* ---- log, clock, random ---- */

static int level_of(mp_obj_t o) {
  static const char *const names[] = {"debug", "info", "warn", "error"};
  if (mp_obj_is_int(o)) {
    return (int)mp_obj_get_int(o);
  }
  hp_bytes name = hp_text_of(o);
  for (int i = 0; i < 4; i++) {
    if (name.length == strlen(names[i]) && memcmp(name.at, names[i], name.length) == 0) {
      return i;
    }
  }
  if (name.length == 7 && memcmp(name.at, "warning", 7) == 0) {
    return HG_WARN;
  }
  mp_raise_ValueError(MP_ERROR_TEXT("log levels are debug, info, warn, error"));
}

static mp_obj_t log_at(int level, mp_obj_t message) {
  mp_obj_t text =
      mp_obj_is_str(message) ? message : mp_call_function_1(MP_OBJ_FROM_PTR(&mp_type_str), message);
  hp_bytes b = hp_text_of(text);
  hp_check(hg_log((enum hg_level)level, b.at, b.length));
  return mp_const_none;
}
static mp_obj_t host_log(mp_obj_t level, mp_obj_t message) {
  return log_at(level_of(level), message);
}
static MP_DEFINE_CONST_FUN_OBJ_2(log_obj, host_log);
static mp_obj_t log_debug(mp_obj_t message) {
  return log_at(HG_DEBUG, message);
}
static MP_DEFINE_CONST_FUN_OBJ_1(debug_obj, log_debug);
static mp_obj_t log_info(mp_obj_t message) {
  return log_at(HG_INFO, message);
}
static MP_DEFINE_CONST_FUN_OBJ_1(info_obj, log_info);
static mp_obj_t log_warn(mp_obj_t message) {
  return log_at(HG_WARN, message);
}
static MP_DEFINE_CONST_FUN_OBJ_1(warn_obj, log_warn);
static mp_obj_t log_error(mp_obj_t message) {
  return log_at(HG_ERROR, message);
}
static MP_DEFINE_CONST_FUN_OBJ_1(error_obj, log_error);

static mp_obj_t now_us(void) {
  long long now = hg_now_us();
  hp_check(now < 0 ? (int)now : 0);
  return mp_obj_new_int_from_ll(now);
}
static MP_DEFINE_CONST_FUN_OBJ_0(now_us_obj, now_us);

static mp_obj_t random_bytes(mp_obj_t count) {
  vstr_t v;
  mp_int_t n = mp_obj_get_int(count);
  if (n < 0) {
    mp_raise_ValueError(MP_ERROR_TEXT("a number of bytes"));
  }
  vstr_init_len(&v, (size_t)n);
  hp_check(hg_random(v.buf, (unsigned)n));
  return mp_obj_new_bytes_from_vstr(&v);
}
static MP_DEFINE_CONST_FUN_OBJ_1(random_bytes_obj, random_bytes);

/* ---- cryptography ---- */

static enum hg_hash_algorithm algorithm_of(mp_obj_t o) {
  static const struct {
    const char *name;
    enum hg_hash_algorithm id;
  } names[] = {{"sha256", HG_SHA256}, {"sha512", HG_SHA512},     {"blake3", HG_BLAKE3},
               {"sha384", HG_SHA384}, {"sha3_256", HG_SHA3_256}, {"blake2b", HG_BLAKE2B},
               {"sha1", HG_SHA1}};
  hp_bytes name = hp_text_of(o);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (name.length == strlen(names[i].name) && memcmp(name.at, names[i].name, name.length) == 0) {
      return names[i].id;
    }
  }
  mp_raise_ValueError(MP_ERROR_TEXT("unknown algorithm"));
}

static mp_obj_t digest_of(int status, const char *digest) {
  hp_check(status);
  return mp_obj_new_bytes((const byte *)digest, (size_t)status);
}

static mp_obj_t host_hash(mp_obj_t algorithm, mp_obj_t data) {
  char digest[64];
  hp_bytes b = any_bytes(data);
  return digest_of(hg_hash(algorithm_of(algorithm), b.at, b.length, digest, sizeof digest), digest);
}
MP_DEFINE_CONST_FUN_OBJ_2(hp_hash_obj, host_hash);

static mp_obj_t host_hmac(mp_obj_t algorithm, mp_obj_t key, mp_obj_t data) {
  char digest[64];
  hp_bytes k = any_bytes(key), b = any_bytes(data);
  return digest_of(
      hg_hmac(algorithm_of(algorithm), k.at, k.length, b.at, b.length, digest, sizeof digest),
      digest);
}
static MP_DEFINE_CONST_FUN_OBJ_3(hmac_obj, host_hmac);

static mp_obj_t host_sign(mp_obj_t key, mp_obj_t data) {
  char signature[64];
  hp_bytes k = any_bytes(key), b = any_bytes(data);
  return digest_of(hg_sign(HG_ED25519, k.at, k.length, b.at, b.length, signature, sizeof signature),
                   signature);
}
static MP_DEFINE_CONST_FUN_OBJ_2(sign_obj, host_sign);

static mp_obj_t host_verify(mp_obj_t key, mp_obj_t data, mp_obj_t signature) {
  hp_bytes k = any_bytes(key), b = any_bytes(data), s = any_bytes(signature);
  return mp_obj_new_bool(
      hp_check(hg_verify(HG_ED25519, k.at, k.length, b.at, b.length, s.at, s.length)));
}
static MP_DEFINE_CONST_FUN_OBJ_3(verify_obj, host_verify);

/* ---- kept values, session, environment, metrics ---- */

/* None where there is nothing of the name. */
static mp_obj_t filled_or_none(hp_fill *fill, void *arg, int as_text) {
  int n = fill(arg, NULL, 0);
  return n == HG_E_ABSENT ? mp_const_none : (hp_check(n), hp_filled(fill, arg, as_text));
}

static int fill_kv(void *arg, char *dst, unsigned cap) {
  const hp_bytes *key = arg;
  return hg_kv_get(key->at, key->length, 0, dst, cap);
}
static mp_obj_t kv_get(mp_obj_t key) {
  hp_bytes k = any_bytes(key);
  return filled_or_none(fill_kv, &k, 0);
}
static MP_DEFINE_CONST_FUN_OBJ_1(kv_get_obj, kv_get);

static mp_obj_t kv_set(mp_obj_t key, mp_obj_t value) {
  hp_bytes k = any_bytes(key), v = any_bytes(value);
  hp_check(hg_kv_set(k.at, k.length, v.at, v.length));
  return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(kv_set_obj, kv_set);

static mp_obj_t kv_delete(mp_obj_t key) {
  hp_bytes k = any_bytes(key);
  return mp_obj_new_bool(hp_check(hg_kv_delete(k.at, k.length)));
}
static MP_DEFINE_CONST_FUN_OBJ_1(kv_delete_obj, kv_delete);

static mp_obj_t kv_keys(size_t count, const mp_obj_t *args) {
  char buffers[2][1024]; /* the longest key */
  hp_bytes prefix = count > 0 ? any_bytes(args[0]) : (hp_bytes){"", 0};
  mp_obj_t list = mp_obj_new_list(0, NULL);
  unsigned length = 0;
  for (int turn = 0;; turn ^= 1) {
    int n = hg_kv_list(prefix.at, prefix.length, buffers[turn ^ 1], length, buffers[turn],
                       sizeof buffers[turn]);
    if (n == HG_E_ABSENT) {
      return list;
    }
    length = (unsigned)hp_check(n);
    mp_obj_list_append(list, mp_obj_new_bytes((const byte *)buffers[turn], length));
  }
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(kv_keys_obj, 0, 1, kv_keys);

static int fill_session(void *arg, char *dst, unsigned cap) {
  const hp_bytes *name = arg;
  return hg_session_get(name->at, name->length, dst, cap);
}
static mp_obj_t session_get(mp_obj_t name) {
  hp_bytes n = hp_text_of(name);
  return filled_or_none(fill_session, &n, 1);
}
static MP_DEFINE_CONST_FUN_OBJ_1(session_get_obj, session_get);

static mp_obj_t session_set(mp_obj_t name, mp_obj_t value) {
  hp_bytes n = hp_text_of(name), v = hp_text_of(value);
  hp_check(hg_session_set(n.at, n.length, v.at, v.length));
  return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(session_set_obj, session_set);

static int fill_env(void *arg, char *dst, unsigned cap) {
  const hp_bytes *name = arg;
  return hg_env_get(name->at, name->length, dst, cap);
}
static mp_obj_t env_get(mp_obj_t name) {
  hp_bytes n = hp_text_of(name);
  return filled_or_none(fill_env, &n, 1);
}
static MP_DEFINE_CONST_FUN_OBJ_1(env_get_obj, env_get);

static mp_obj_t metric_add(mp_obj_t name, mp_obj_t value) {
  hp_bytes n = hp_text_of(name);
  hp_check(hg_metric_add(n.at, n.length, mp_obj_get_float(value)));
  return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(metric_add_obj, metric_add);

static mp_obj_t metric_set(mp_obj_t name, mp_obj_t value) {
  hp_bytes n = hp_text_of(name);
  hp_check(hg_metric_set(n.at, n.length, mp_obj_get_float(value)));
  return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(metric_set_obj, metric_set);

/* ---- files ---- */

static mp_obj_t read_file(mp_obj_t path) {
  hp_bytes p = hp_text_of(path);
  vstr_t v;
  int file = hp_check(hg_file_open(p.at, p.length, 0));
  long long size = hg_file_size(file), at = 0;
  int n = size < 0 ? (int)size : 1;
  vstr_init_len(&v, size < 0 || size > INT32_MAX ? 0 : (size_t)size);
  while (n > 0 && at < (long long)v.len) {
    n = hg_file_read(file, at, v.buf + at, (unsigned)(v.len - (size_t)at));
    at += n > 0 ? n : 0;
  }
  mp_obj_t error = n < 0 ? hp_error_of(n) : MP_OBJ_NULL;
  hg_file_close(file);
  if (error != MP_OBJ_NULL) {
    nlr_raise(error);
  }
  v.len = (size_t)at;
  return mp_obj_new_bytes_from_vstr(&v);
}
static MP_DEFINE_CONST_FUN_OBJ_1(read_file_obj, read_file);

static mp_obj_t write_file(size_t count, const mp_obj_t *args) {
  hp_bytes p = hp_text_of(args[0]), data = any_bytes(args[1]);
  bool append = count > 2 && mp_obj_is_true(args[2]);
  int file = hp_check(
      hg_file_open(p.at, p.length, HG_WRITE | HG_CREATE | (append ? HG_APPEND : HG_EMPTY)));
  unsigned at = 0;
  int n = 1;
  while (n > 0 && at < data.length) {
    n = hg_file_write(file, at, data.at + at, data.length - at);
    at += n > 0 ? (unsigned)n : 0;
  }
  mp_obj_t error = n < 0 ? hp_error_of(n) : MP_OBJ_NULL;
  hg_file_close(file);
  if (error != MP_OBJ_NULL) {
    nlr_raise(error);
  }
  return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(write_file_obj, 2, 3, write_file);

static mp_obj_t remove_file(mp_obj_t path) {
  hp_bytes p = hp_text_of(path);
  hp_check(hg_file_remove(p.at, p.length));
  return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(remove_file_obj, remove_file);

static int fill_files(void *arg, char *dst, unsigned cap) {
  const hp_bytes *path = arg;
  return hg_file_list(path->at, path->length, 0, dst, cap);
}
static mp_obj_t list_files(mp_obj_t path) {
  hp_bytes p = hp_text_of(path), json;
  json = hp_bytes_of(hp_filled(fill_files, &p, 1));
  return hp_json_loads(json.at, json.length);
}
static MP_DEFINE_CONST_FUN_OBJ_1(list_files_obj, list_files);

/* ---- https ---- */

typedef struct response {
  mp_obj_base_t base;
  int status;
  mp_obj_t body;
} response;

static int fill_header(void *arg, char *dst, unsigned cap) {
  const hp_bytes *name = arg;
  return hg_http_header(name->at, name->length, dst, cap);
}
/* Of the last response that there was: it is kept by the host. */
static mp_obj_t response_header(mp_obj_t self, mp_obj_t name) {
  (void)self;
  hp_bytes n = hp_text_of(name);
  return filled_or_none(fill_header, &n, 1);
}
static MP_DEFINE_CONST_FUN_OBJ_2(response_header_obj, response_header);

static mp_obj_t response_json(mp_obj_t self) {
  const response *r = MP_OBJ_TO_PTR(self);
  hp_bytes b = hp_bytes_of(r->body);
  if (!hp_is_utf8((const unsigned char *)b.at, b.length)) {
    hp_raise(HG_E_UTF8, "the response is not valid UTF-8");
  }
  return hp_json_loads(b.at, b.length);
}
static MP_DEFINE_CONST_FUN_OBJ_1(response_json_obj, response_json);

static const mp_rom_map_elem_t response_locals[] = {
    {MP_ROM_QSTR(MP_QSTR_header), MP_ROM_PTR(&response_header_obj)},
    {MP_ROM_QSTR(MP_QSTR_json), MP_ROM_PTR(&response_json_obj)},
};
static MP_DEFINE_CONST_DICT(response_dict, response_locals);

static void response_attr(mp_obj_t self, qstr name, mp_obj_t *dest) {
  const response *r = MP_OBJ_TO_PTR(self);
  if (dest[0] != MP_OBJ_NULL) {
    return;
  }
  if (name == MP_QSTR_status) {
    dest[0] = MP_OBJ_NEW_SMALL_INT(r->status);
  } else if (name == MP_QSTR_body) {
    dest[0] = r->body;
  } else {
    dest[1] = MP_OBJ_SENTINEL; /* goes on with the methods */
  }
}
static MP_DEFINE_CONST_OBJ_TYPE(type_response, MP_QSTR_Response, MP_TYPE_FLAG_NONE, attr,
                                response_attr, locals_dict, &response_dict);

static int fill_body(void *arg, char *dst, unsigned cap) {
  (void)arg;
  return hg_http_read(0, dst, cap);
}

static void add_headers(vstr_t *out, mp_obj_t headers) {
  mp_map_t *map = mp_obj_dict_get_map(headers);
  for (size_t i = 0; i < map->alloc; i++) {
    if (mp_map_slot_is_filled(map, i)) {
      hp_bytes key = hp_text_of(map->table[i].key), value = hp_text_of(map->table[i].value);
      vstr_add_strn(out, key.at, key.length);
      vstr_add_str(out, ": ");
      vstr_add_strn(out, value.at, value.length);
      vstr_add_byte(out, '\n');
    }
  }
}

/* http(method, url, headers=None, body=b"") */
static mp_obj_t http(size_t count, const mp_obj_t *args, mp_map_t *named) {
  enum { METHOD, URL, HEADERS, BODY };
  static const mp_arg_t allowed[] = {
      {MP_QSTR_method, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
      {MP_QSTR_url, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
      {MP_QSTR_headers, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
      {MP_QSTR_body, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
  };
  mp_arg_val_t given[MP_ARRAY_SIZE(allowed)];
  vstr_t headers;
  mp_arg_parse_all(count, args, named, MP_ARRAY_SIZE(allowed), allowed, given);
  vstr_init(&headers, 64);
  if (given[HEADERS].u_obj != mp_const_none) {
    add_headers(&headers, given[HEADERS].u_obj);
  }
  hp_bytes method = hp_text_of(given[METHOD].u_obj), url = hp_text_of(given[URL].u_obj),
           body = {"", 0};
  if (given[BODY].u_obj != mp_const_none) {
    body = any_bytes(given[BODY].u_obj);
  }
  int status = hp_check(hg_http(method.at, method.length, url.at, url.length, headers.buf,
                                (unsigned)headers.len, body.at, body.length));
  response *r = mp_obj_malloc(response, &type_response);
  r->status = status;
  r->body = hp_filled(fill_body, NULL, 0);
  return MP_OBJ_FROM_PTR(r);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(http_obj, 2, http);

/* ---- the module ---- */

static mp_obj_t raise_error(mp_obj_t code, mp_obj_t text) {
  mp_obj_t args[] = {code, text};
  nlr_raise(mp_obj_new_exception_args(&mp_type_HeliosError, 2, args));
}
static MP_DEFINE_CONST_FUN_OBJ_2(raise_error_obj, raise_error);

#define FUNCTION(name, object)                                                                     \
  { MP_ROM_QSTR(MP_QSTR_##name), MP_ROM_PTR(&object) }
#define NUMBER(name, value)                                                                        \
  { MP_ROM_QSTR(MP_QSTR_##name), MP_ROM_INT(value) }

static const mp_rom_map_elem_t globals[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_heliosdb)},
    FUNCTION(HeliosError, mp_type_HeliosError),
    FUNCTION(Decimal, hp_type_Decimal),
    /* types of annotations, which nobody evaluates here */
    FUNCTION(Json, mp_type_object),
    FUNCTION(Date, mp_type_int),
    FUNCTION(Timestamp, mp_type_int),
    FUNCTION(Integer, mp_type_int),
    FUNCTION(Table, mp_type_list),
    FUNCTION(query, hp_query_obj),
    FUNCTION(query_one, hp_query_one_obj),
    FUNCTION(query_value, hp_query_value_obj),
    FUNCTION(rows, hp_rows_obj),
    FUNCTION(execute, hp_execute_obj),
    FUNCTION(begin, hp_begin_obj),
    FUNCTION(commit, hp_commit_obj),
    FUNCTION(rollback, hp_rollback_obj),
    FUNCTION(transaction, hp_transaction_obj),
    FUNCTION(savepoint, hp_savepoint_obj),
    FUNCTION(log, log_obj),
    FUNCTION(debug, debug_obj),
    FUNCTION(info, info_obj),
    FUNCTION(warn, warn_obj),
    FUNCTION(error, error_obj),
    FUNCTION(now_us, now_us_obj),
    FUNCTION(random_bytes, random_bytes_obj),
    FUNCTION(hash, hp_hash_obj),
    FUNCTION(hmac, hmac_obj),
    FUNCTION(sign, sign_obj),
    FUNCTION(verify, verify_obj),
    FUNCTION(kv_get, kv_get_obj),
    FUNCTION(kv_set, kv_set_obj),
    FUNCTION(kv_delete, kv_delete_obj),
    FUNCTION(kv_keys, kv_keys_obj),
    FUNCTION(session_get, session_get_obj),
    FUNCTION(session_set, session_set_obj),
    FUNCTION(env_get, env_get_obj),
    FUNCTION(metric_add, metric_add_obj),
    FUNCTION(metric_set, metric_set_obj),
    FUNCTION(read_file, read_file_obj),
    FUNCTION(write_file, write_file_obj),
    FUNCTION(remove_file, remove_file_obj),
    FUNCTION(list_files, list_files_obj),
    FUNCTION(http, http_obj),
    /* the names of the HeliosDB design */
    FUNCTION(heliosdb_query, hp_query_obj),
    FUNCTION(heliosdb_log, log_obj),
    FUNCTION(heliosdb_error, raise_error_obj),
    FUNCTION(heliosdb_begin_tx, hp_begin_obj),
    FUNCTION(heliosdb_commit_tx, hp_commit_obj),
    FUNCTION(heliosdb_rollback_tx, hp_rollback_obj),
    FUNCTION(heliosdb_now, now_us_obj),
    /* statuses of the host */
    NUMBER(SQL, HG_E_SQL),
    NUMBER(DENIED, HG_E_DENIED),
    NUMBER(UTF8, HG_E_UTF8),
    NUMBER(LIMIT, HG_E_LIMIT),
    NUMBER(STATE, HG_E_STATE),
    NUMBER(CONSTRAINT, HG_E_CONSTRAINT),
    NUMBER(BUSY, HG_E_BUSY),
    NUMBER(ABSENT, HG_E_ABSENT),
    NUMBER(EXISTS, HG_E_EXISTS),
    NUMBER(IO, HG_E_IO),
    NUMBER(NETWORK, HG_E_NETWORK),
};
static MP_DEFINE_CONST_DICT(globals_dict, globals);
const mp_obj_module_t hp_module_heliosdb = {.base = {&mp_type_module},
                                            .globals = (mp_obj_dict_t *)&globals_dict};
MP_REGISTER_MODULE(MP_QSTR_heliosdb, hp_module_heliosdb);
MP_REGISTER_MODULE(MP_QSTR_heliosdb_wasm, hp_module_heliosdb);
