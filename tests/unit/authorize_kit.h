/* authorize_kit.h - a guest's SQL statement and what became of it, for the tests of the authorizer.
 */
#ifndef AUTHORIZE_KIT_H
#define AUTHORIZE_KIT_H

#include "puppet.h"

/* A puppet with these grants, over a database with this schema, within a call. */
FX puppet *authorize_open(const char *const *caps, const char *schema) {
  puppet *p = puppet_open(caps, puppet_shared());
  puppet_exec(p, schema);
  hrt_host_begin(p->env, 0, NULL, NULL);
  return p;
}

FX void done(puppet *p) {
  hrt_host_end(p->env);
  puppet_close(p);
}

FX int run(puppet *p, const char *sql) {
  return (int)CALL64(p, "exec", TEXT(p, 0, sql), 0, 0);
}

FX void denied(puppet *p, const char *sql) {
  int status = run(p, sql);
  if (status != HSB_STATUS_DENIED) {
    fail_msg("%s: %d %s", sql, status, puppet_error(p));
  }
}

FX void allowed(puppet *p, const char *sql) {
  int status = run(p, sql);
  if (status < 0) {
    fail_msg("%s: %d %s", sql, status, puppet_error(p));
  }
}

#endif
