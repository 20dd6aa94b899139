/* http.c - http, http_header, http_read: a request to a granted domain, its redirects each judged
 * anew, its response kept for the call. Must never reach a host that no grant names. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host/net.h"
#include "hsb_check.h"
#include "plugin/alloc.h"

struct hrt_http {
  hrt_exchange last;
};

void hrt_http_free(hrt_host_env *env) {
  if (env->http != NULL) {
    hrt_exchange_clear(&env->http->last);
    hrt_free(env->http);
    env->http = NULL;
  }
}

/* A request as the guest gave it, copied. */
struct request {
  struct hrt_bytes method, url, headers, body;
  hrt_method verb;
  char *lines[HRT_HTTP_LINES];
  size_t line_count;
};

/* All ranges are charged for before any is copied. */
static int copy(struct request *r, hrt_host_env *env, const hsb_slot *s) {
  static const uint32_t most[4] = {16, HRT_HTTP_URL - 1, HRT_HTTP_HEADERS, HRT_HTTP_BODY};
  struct hrt_bytes *const to[4] = {&r->method, &r->url, &r->headers, &r->body};
  uint64_t bytes = 0;
  int status = 0;
  for (int i = 0; i < 4; i++) {
    to[i]->heap = NULL;
  }
  for (int i = 0; i < 4; i++) {
    HRT_TRY(hrt_bytes_check(env, s[2 * i], s[2 * i + 1], most[i]));
    bytes += hrt_u32(s[2 * i + 1]);
  }
  hrt_charge_bytes(env, bytes);
  for (int i = 0; i < 4; i++) {
    HRT_TRY(hrt_bytes_copy(to[i], env, s[2 * i], s[2 * i + 1]));
  }
out:
  return status;
}

static void forget(struct request *r) {
  hrt_bytes_free(&r->method);
  hrt_bytes_free(&r->url);
  hrt_bytes_free(&r->headers);
  hrt_bytes_free(&r->body);
}

static int check(struct request *r, hrt_host_env *env) {
  r->verb = hrt_method_of((const char *)r->method.at, r->method.length);
  if (r->verb == HRT_METHODS) {
    return hrt_refuse(env, HSB_STATUS_TYPE, "a method is GET, HEAD, POST, PUT, PATCH or DELETE");
  }
  if ((r->verb == HRT_GET || r->verb == HRT_HEAD) && r->body.length > 0) {
    return hrt_refuse(env, HSB_STATUS_TYPE, "%s has no body", hrt_method_names[r->verb]);
  }
  if (memchr(r->url.at, 0, r->url.length) != NULL) {
    return hrt_refuse(env, HSB_STATUS_TYPE, "a NUL in the URL");
  }
  const char *why =
      hrt_net_headers(r->lines, &r->line_count, (char *)r->headers.at, r->headers.length);
  return why == NULL ? 0 : hrt_refuse(env, HSB_STATUS_TYPE, "%s", why);
}

/* May this URL be asked for? Its origin; and whether private addresses may answer. */
static int judge(char origin[264], bool *private_too, hrt_host_env *env, const char *url,
                 bool redirected) {
  char host[256] = "", why[256] = "";
  const char *from = redirected ? "a redirect: " : "";
  int status = hrt_exchange_host(host, origin, url, why);
  if (status != 0) {
    return hrt_refuse(env, status, "%s%s", from, why);
  }
  if (!hrt_caps_allow(env->caps, HRT_CAP_NETWORK, host, NULL)) {
    return hrt_denied(env, HRT_CAP_NETWORK, host,
                      "%sprocedure %s may not reach %s: it has no grant 'network:%s'", from,
                      env->procedure, host, host);
  }
  *private_too = hrt_caps_allow(env->caps, HRT_CAP_NETWORK, host, "private");
  hrt_audit_use(env, HRT_CAP_NETWORK, host, true, NULL);
  return 0;
}

static int refuse(hrt_host_env *env, const hrt_exchange *x, const char *origin, int status) {
  char host[264];
  snprintf(host, sizeof host, "%.*s", (int)strcspn(origin, ":"), origin);
  if (status == HSB_STATUS_DENIED) {
    return hrt_denied(env, HRT_CAP_NETWORK, host, "%s: %s: it has no grant 'network:%s:private'",
                      host, x->why, host);
  }
  return hrt_refuse(env, status, "%s: %s", host, x->why);
}

/* To another origin secrets don't follow, and after 301 to 303 neither method nor body. */
static void redirect(hrt_exchange *x, struct request *r, bool elsewhere) {
  size_t kept = 0;
  if ((x->status == 303 && x->method != HRT_HEAD) ||
      ((x->status == 301 || x->status == 302) && x->method == HRT_POST)) {
    x->method = HRT_GET;
    x->body_length = 0;
  }
  for (size_t i = 0; elsewhere && i < r->line_count; i++) {
    if (!hrt_net_secret(r->lines[i])) {
      r->lines[kept++] = r->lines[i];
    }
  }
  r->line_count = elsewhere ? kept : r->line_count;
  x->line_count = r->line_count;
}

/* The answer stays in x; url: of the hop, owned by it after the first. */
static int follow(hrt_exchange *x, struct request *r, hrt_host_env *env) {
  char origin[264], before[264] = "", *url = NULL;
  int status = 0;
  for (int hop = 0; status == 0; hop++) {
    x->url = url != NULL ? url : (const char *)r->url.at;
    status = judge(origin, &x->private_too, env, x->url, hop > 0);
    if (status == 0) {
      if (hop > 0) {
        redirect(x, r, strcmp(origin, before) != 0);
      }
      snprintf(before, sizeof before, "%s", origin);
      hrt_exchange_clear(x);
      status = hrt_exchange_run(x);
      status = status != 0 && x->stop == HELIOS_OK ? refuse(env, x, origin, status) : status;
    }
    if (status != 0 || x->redirect == NULL) {
      break;
    }
    if (hop == HRT_HTTP_HOPS) {
      status = hrt_refuse(env, HSB_STATUS_NETWORK, "more than %d redirects", HRT_HTTP_HOPS);
    }
    hrt_free(url);
    url = x->redirect;
    x->redirect = NULL;
  }
  hrt_free(url);
  x->url = NULL;
  return status;
}

static int request(helios_code *stop, hrt_host_env *env, const hsb_slot *s) {
  struct request r;
  int status = copy(&r, env, s);
  if (status == 0) {
    status = check(&r, env);
  }
  if (status == 0) {
    hrt_exchange *x = &env->http->last;
    *x = (hrt_exchange){.method = r.verb,
                        .lines = r.lines,
                        .line_count = r.line_count,
                        .body = r.body.at,
                        .body_length = r.body.length,
                        .budget = hrt_host_budget(env->ctx)};
    status = follow(x, &r, env);
    *stop = x->stop;
    x->lines = NULL;
    x->body = NULL;
    if (status != 0) {
      hrt_exchange_clear(x);
      x->status = 0;
    }
  }
  forget(&r);
  return status;
}

void hrt_hc_http(hrt_host_env *env, hsb_slot *s) {
  helios_code stop = HELIOS_OK;
  if (!env->in_call) {
    hrt_answer(s, hrt_refuse(env, HSB_STATUS_STATE, "no request before the first call"));
    return;
  }
  hrt_http_free(env);
  env->http = hrt_alloc(sizeof *env->http);
  if (env->http == NULL) {
    hrt_answer(s, hrt_refuse(env, HSB_STATUS_NOMEM, NULL));
    return;
  }
  env->touched = true;
  int status = request(&stop, env, s);
  if (stop != HELIOS_OK) {
    hrt_stop_call(env, stop, "while the procedure waited for a response");
  }
  hrt_answer(s, status != 0 ? status : (int64_t)env->http->last.status);
}

static const hrt_exchange *response(hrt_host_env *env) {
  if (env->http == NULL || env->http->last.status == 0) {
    hrt_refuse(env, HSB_STATUS_STATE, "there is no response");
    return NULL;
  }
  return &env->http->last;
}

/* The last one of that name. */
static bool header(const char **value, size_t *length, const hrt_exchange *x, const char *name,
                   size_t n) {
  bool found = false;
  const char *at = x->headers, *end = at + x->headers_length;
  while (at < end) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    const char *next = stop != NULL ? stop + 1 : end;
    if ((size_t)(next - at) > n && at[n] == ':' && strncasecmp(at, name, n) == 0) {
      const char *from = at + n + 1, *to = next;
      while (from < to && (*from == ' ' || *from == '\t')) {
        from++;
      }
      while (to > from && (to[-1] == '\n' || to[-1] == '\r' || to[-1] == ' ' || to[-1] == '\t')) {
        to--;
      }
      *value = from;
      *length = (size_t)(to - from);
      found = true;
    }
    at = next;
  }
  return found;
}

void hrt_hc_http_header(hrt_host_env *env, hsb_slot *s) {
  const char *value = NULL;
  size_t length = 0;
  struct hrt_bytes name;
  const hrt_exchange *x = response(env);
  int status = x == NULL ? HSB_STATUS_STATE : hrt_bytes_read(&name, env, s[0], s[1], 256);
  if (status == 0) {
    bool found = header(&value, &length, x, (const char *)name.at, name.length);
    hrt_bytes_free(&name);
    status = found ? hrt_give(env, s[2], s[3], value, length)
                   : hrt_refuse(env, HSB_STATUS_ABSENT, "the response has no such header");
  }
  hrt_answer(s, status);
}

void hrt_hc_http_read(hrt_host_env *env, hsb_slot *s) {
  const hrt_exchange *x = response(env);
  hrt_answer(s, x != NULL ? hrt_give_from(env, s[0], s[1], s[2], x->bytes, x->length)
                          : HSB_STATUS_STATE);
}
