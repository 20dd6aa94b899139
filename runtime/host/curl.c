/* curl.c - one HTTPS exchange by libcurl, which is loaded at the first one: a database that never
 * asks the network maps no TLS library for it. Must never follow a redirect, a proxy of the
 * environment or another protocol, nor raise SIGPIPE in the program around it.
 *
 * Invariant: an exchange's handles live within hrt_exchange_run. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "host/net.h"
#include "plugin/alloc.h"
#include "plugin/hold.h"

#define FUNCTIONS(F)                                                                               \
  F(global_init)                                                                                   \
  F(free)                                                                                          \
  F(easy_init)                                                                                     \
  F(easy_cleanup)                                                                                  \
  F(easy_getinfo)                                                                                  \
  F(easy_strerror)                                                                                 \
  F(multi_init)                                                                                    \
  F(multi_cleanup)                                                                                 \
  F(multi_add_handle)                                                                              \
  F(multi_remove_handle)                                                                           \
  F(multi_perform)                                                                                 \
  F(multi_poll)                                                                                    \
  F(multi_info_read)                                                                               \
  F(slist_append)                                                                                  \
  F(slist_free_all)                                                                                \
  F(url)                                                                                           \
  F(url_cleanup)                                                                                   \
  F(url_set)                                                                                       \
  F(url_get)

static struct {
#define FIELD(name) __typeof__(curl_##name) *name;
  FUNCTIONS(FIELD)
#undef FIELD
  __typeof__(curl_easy_setopt) *set;
  bool ready;
} curl;

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

static bool find(void *to, void *library, const char *name) {
  void *symbol = dlsym(library, name);
  memcpy(to, &symbol, sizeof symbol);
  return symbol != NULL;
}

/* Never unloaded: it may have threads. */
static bool load(void) {
  void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  bool found = library != NULL && find(&curl.set, library, "curl_easy_setopt");
#define FIND(name) found = found && find(&curl.name, library, "curl_" #name);
  FUNCTIONS(FIND)
#undef FIND
  return found && curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

static int ready(char why[256]) {
  pthread_mutex_lock(&loading);
  bool is_ready = curl.ready = curl.ready || load();
  pthread_mutex_unlock(&loading);
  if (is_ready) {
    return 0;
  }
  snprintf(why, 256, "libcurl.so.4 can't be loaded (Debian's package: libcurl4)");
  return HSB_STATUS_STATE;
}

/* ---- URLs ---- */

/* CURLUE_OK with *u to be freed. */
static CURLUcode parse(CURLU **u, const char *url) {
  *u = curl.url();
  return *u != NULL ? curl.url_set(*u, CURLUPART_URL, url, CURLU_DISALLOW_USER)
                    : CURLUE_OUT_OF_MEMORY;
}

static bool part(char *out, size_t size, CURLU *u, CURLUPart which, unsigned flags) {
  char *text = NULL;
  bool fits = curl.url_get(u, which, &text, flags) == CURLUE_OK && strlen(text) < size;
  if (fits) {
    memcpy(out, text, strlen(text) + 1);
  }
  curl.free(text);
  return fits;
}

int hrt_exchange_host(char host[256], char origin[264], const char *url, char why[256]) {
  char scheme[16] = "", port[8] = "";
  CURLU *u = NULL;
  int status = ready(why);
  if (status != 0) {
    return status;
  }
  bool whole = parse(&u, url) == CURLUE_OK && part(scheme, sizeof scheme, u, CURLUPART_SCHEME, 0) &&
               part(host, 256, u, CURLUPART_HOST, 0) &&
               part(port, sizeof port, u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  curl.url_cleanup(u);
  if (!whole || strcmp(scheme, "https") != 0) {
    snprintf(why, 256, "expected a URL like https://api.example.com/path");
    return HSB_STATUS_TYPE;
  }
  for (char *c = host; *c != 0; c++) {
    *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
  }
  snprintf(origin, 264, "%s:%s", host, port);
  return 0;
}

/* ---- what libcurl calls ---- */

/* The address that it is about to connect to, whatever the name said before. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address) {
  hrt_exchange *x = arg;
  (void)purpose;
  if (hrt_net_private(&address->addr) && !x->private_too) {
    x->failure = HSB_STATUS_DENIED;
    snprintf(x->why, sizeof x->why, "the host has an address of a private network");
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t fail(hrt_exchange *x, int status, const char *why) {
  x->failure = status;
  snprintf(x->why, sizeof x->why, "%s", why);
  return 0;
}

static size_t take_body(char *bytes, size_t one, size_t n, void *arg) {
  hrt_exchange *x = arg;
  (void)one;
  if (n > HRT_HTTP_BODY - x->length) {
    return fail(x, HSB_STATUS_LIMIT, "the response is larger than 16 MiB");
  }
  if (x->length + n > x->room) {
    size_t room = x->room == 0 ? 16384 : 2 * x->room;
    room = room < x->length + n ? x->length + n : room;
    uint8_t *more = hrt_realloc(x->bytes, room);
    if (more == NULL) {
      return fail(x, HSB_STATUS_NOMEM, hrt_status_text(HSB_STATUS_NOMEM));
    }
    x->bytes = more;
    x->room = room;
  }
  memcpy(x->bytes + x->length, bytes, n);
  x->length += n;
  return n;
}

/* Lines as they came; those of an interim response are forgotten. */
static size_t take_header(char *bytes, size_t one, size_t n, void *arg) {
  hrt_exchange *x = arg;
  (void)one;
  if (n > 5 && memcmp(bytes, "HTTP/", 5) == 0) {
    x->headers_length = 0;
  }
  if (n > HRT_HTTP_ANSWER - x->headers_length) {
    return fail(x, HSB_STATUS_LIMIT, "the response's headers are larger than 64 KiB");
  }
  memcpy(x->headers + x->headers_length, bytes, n);
  x->headers_length += n;
  return n;
}

/* ---- an exchange ---- */

struct handles {
  CURL *easy;
  CURLM *multi;
  CURLU *url;
  struct curl_slist *lines;
  bool added;
};

static bool set_lines(struct handles *h, const hrt_exchange *x) {
  struct curl_slist *list = curl.slist_append(NULL, "Expect:");
  for (size_t i = 0; list != NULL && i < x->line_count; i++) {
    struct curl_slist *more = curl.slist_append(list, x->lines[i]);
    if (more == NULL) {
      curl.slist_free_all(list);
    }
    list = more;
  }
  h->lines = list;
  return list != NULL && curl.set(h->easy, CURLOPT_HTTPHEADER, list) == CURLE_OK;
}

static bool set_method(CURL *easy, const hrt_exchange *x) {
  bool has_body = x->body_length > 0 || x->method == HRT_POST;
  bool done = x->method == HRT_HEAD
                  ? curl.set(easy, CURLOPT_NOBODY, 1L) == CURLE_OK
                  : curl.set(easy, CURLOPT_CUSTOMREQUEST, hrt_method_names[x->method]) == CURLE_OK;
  if (done && has_body) {
    done = curl.set(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body_length) == CURLE_OK &&
           curl.set(easy, CURLOPT_POSTFIELDS, x->body_length > 0 ? (const char *)x->body : "") ==
               CURLE_OK;
  }
  return done;
}

/* What a transfer may and may not do. All must be set: an option that this libcurl does not know
 * is no reason to go without it. */
static bool set_rules(CURL *easy, hrt_exchange *x, char error[CURL_ERROR_SIZE]) {
  const char *authorities = secure_getenv("HELIOS_CA_FILE");
  const struct {
    CURLoption option;
    long value;
  } numbers[] = {
      {CURLOPT_FOLLOWLOCATION, 0},
      {CURLOPT_SSL_VERIFYPEER, 1},
      {CURLOPT_SSL_VERIFYHOST, 2},
      {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
      {CURLOPT_NETRC, CURL_NETRC_IGNORED},
      {CURLOPT_NOSIGNAL, 1},
      {CURLOPT_QUICK_EXIT, 1},
      {CURLOPT_CONNECTTIMEOUT_MS, HRT_HTTP_CONNECT_MS},
      {CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
  };
  const struct {
    CURLoption option;
    const void *value;
  } pointers[] = {
      {CURLOPT_PROTOCOLS_STR, "https"}, {CURLOPT_PROXY, ""},          {CURLOPT_NOPROXY, "*"},
      {CURLOPT_USERAGENT, "heliosdb"},  {CURLOPT_WRITEDATA, x},       {CURLOPT_HEADERDATA, x},
      {CURLOPT_OPENSOCKETDATA, x},      {CURLOPT_ERRORBUFFER, error},
  };
  bool done = true;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    done = done && curl.set(easy, numbers[i].option, numbers[i].value) == CURLE_OK;
  }
  for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++) {
    done = done && curl.set(easy, pointers[i].option, pointers[i].value) == CURLE_OK;
  }
  done = done && curl.set(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
         curl.set(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
         curl.set(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK;
  if (done && authorities != NULL && *authorities != 0) {
    done = curl.set(easy, CURLOPT_CAINFO, authorities) == CURLE_OK;
  }
  return done;
}

static int prepare(struct handles *h, hrt_exchange *x, char error[CURL_ERROR_SIZE]) {
  h->easy = curl.easy_init();
  h->multi = curl.multi_init();
  x->headers = hrt_alloc(HRT_HTTP_ANSWER);
  if (h->easy == NULL || h->multi == NULL || x->headers == NULL ||
      parse(&h->url, x->url) != CURLUE_OK || curl.set(h->easy, CURLOPT_CURLU, h->url) != CURLE_OK ||
      !set_method(h->easy, x) || !set_lines(h, x)) {
    fail(x, HSB_STATUS_NOMEM, hrt_status_text(HSB_STATUS_NOMEM));
    return HSB_STATUS_NOMEM;
  }
  if (!set_rules(h->easy, x, error)) {
    fail(x, HSB_STATUS_STATE, "libcurl is older than 7.87");
    return HSB_STATUS_STATE;
  }
  h->added = curl.multi_add_handle(h->multi, h->easy) == CURLM_OK;
  return h->added ? 0 : HSB_STATUS_NOMEM;
}

static void release(struct handles *h) {
  if (h->added) {
    curl.multi_remove_handle(h->multi, h->easy);
  }
  curl.easy_cleanup(h->easy);
  curl.multi_cleanup(h->multi);
  curl.slist_free_all(h->lines);
  curl.url_cleanup(h->url);
}

/* Until it is done or the call's budget is over. */
static CURLcode perform(struct handles *h, hrt_exchange *x) {
  int running = 1, left;
  while (running > 0) {
    x->stop = hrt_budget_look(x->budget);
    if (x->stop != HELIOS_OK) {
      return CURLE_ABORTED_BY_CALLBACK;
    }
    if (curl.multi_perform(h->multi, &running) != CURLM_OK ||
        (running > 0 && curl.multi_poll(h->multi, NULL, 0, HRT_HTTP_LOOK_MS, NULL) != CURLM_OK)) {
      return CURLE_OUT_OF_MEMORY;
    }
  }
  CURLMsg *message = curl.multi_info_read(h->multi, &left);
  return message != NULL && message->msg == CURLMSG_DONE ? message->data.result
                                                         : CURLE_OUT_OF_MEMORY;
}

/* libcurl leaves SIGPIPE to the program when it may not touch handlers. */
static CURLcode perform_quietly(struct handles *h, hrt_exchange *x) {
  hrt_hold hold;
  hrt_hold_begin(&hold, SIGPIPE);
  CURLcode code = perform(h, x);
  hrt_hold_end(&hold, SIGPIPE);
  return code;
}

static int answer(struct handles *h, hrt_exchange *x) {
  long status = 0;
  char *to = NULL;
  curl.easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
  curl.easy_getinfo(h->easy, CURLINFO_REDIRECT_URL, &to);
  x->status = (uint32_t)status;
  x->redirect = to != NULL ? hrt_strdup(to) : NULL;
  if (to != NULL && x->redirect == NULL) {
    fail(x, HSB_STATUS_NOMEM, hrt_status_text(HSB_STATUS_NOMEM));
    return HSB_STATUS_NOMEM;
  }
  return 0;
}

int hrt_exchange_run(hrt_exchange *x) {
  char error[CURL_ERROR_SIZE] = "";
  struct handles h = {0};
  int status = ready(x->why);
  if (status != 0) {
    return status;
  }
  x->failure = 0;
  status = prepare(&h, x, error);
  if (status == 0) {
    CURLcode code = perform_quietly(&h, x);
    if (code == CURLE_OK) {
      status = answer(&h, x);
    } else if (x->failure != 0) {
      status = x->failure;
    } else {
      status = HSB_STATUS_NETWORK;
      snprintf(x->why, sizeof x->why, "%s", *error != 0 ? error : curl.easy_strerror(code));
    }
  }
  release(&h);
  return status;
}

void hrt_exchange_clear(hrt_exchange *x) {
  hrt_free(x->headers);
  hrt_free(x->bytes);
  hrt_free(x->redirect);
  x->headers = x->redirect = NULL;
  x->bytes = NULL;
  x->headers_length = x->length = x->room = 0;
}
