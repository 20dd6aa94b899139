/* grants.c - see grants.h. */
#include "registry/grants.h"

#include <string.h>
#include <strings.h>

#include "plugin/nearest.h"

static const struct profile {
  const char *name, *grants;
  uint64_t memory, timeout_ms;
} profiles[] = {
#define HRT_PROFILE(NAME, name, grants, memory, timeout_ms, doc) {name, grants, memory, timeout_ms},
#include "registry/profiles.def"
#undef HRT_PROFILE
};
enum { PROFILES = sizeof profiles / sizeof *profiles };

/* *out is NULL when d has no profile. */
static int find_profile(const struct profile **out, const hrt_definition *d, helios_error *err) {
  hrt_nearest near;
  char escaped[HRT_ESCAPED];
  *out = NULL;
  if (d->profile[0] == 0) {
    return 0;
  }
  hrt_nearest_begin(&near, d->profile, strlen(d->profile));
  for (int i = 0; i < PROFILES; i++) {
    hrt_nearest_try(&near, profiles[i].name);
    if (strcasecmp(profiles[i].name, d->profile) == 0) {
      *out = &profiles[i];
      return 0;
    }
  }
  int status = hrt_fail(err, HELIOS_E_NOT_FOUND, "no such security profile: %s",
                        hrt_escape(escaped, d->profile, strlen(d->profile)));
  if (near.best) {
    hrt_hint(err, "did you mean '%s'?", near.best);
  } else {
    hrt_hint(err, "there are minimal, database_only, standard and elevated");
  }
  return status;
}

static int add_words(hrt_caps *caps, const char *words, helios_error *err) {
  int status = 0;
  while (*words && status == 0) {
    size_t n = strcspn(words, " ");
    status = hrt_caps_add(caps, words, n, err);
    words += n + (words[n] == ' ');
  }
  return status;
}

int hrt_grants_make(hrt_caps **out, const hrt_definition *d, helios_error *err) {
  const struct profile *profile;
  hrt_caps *caps = NULL;
  int status = 0;
  HRT_TRY(find_profile(&profile, d, err));
  HRT_TRY(hrt_caps_new(&caps, err));
  if (profile) {
    HRT_TRY(add_words(caps, profile->grants, err));
  }
  for (uint32_t i = 0; i < d->capability_count; i++) {
    HRT_TRY(hrt_caps_add(caps, d->capabilities[i], strlen(d->capabilities[i]), err));
  }
  *out = caps;
  caps = NULL;
out:
  hrt_caps_free(caps);
  return status;
}

/* The option if it was given; not above a profile's limit; not above the ceiling. 0 means none. */
static uint64_t limit(const hrt_definition *d, hrt_option option, uint64_t profile,
                      uint64_t fallback, uint64_t ceiling) {
  bool given = d->options_given & 1u << option && d->options[option] > 0;
  uint64_t value = given ? (uint64_t)d->options[option] : profile ? profile : fallback;
  if (profile && value > profile) {
    value = profile;
  }
  return ceiling && value > ceiling ? ceiling : value;
}

int hrt_limits_make(hrt_limits *out, const hrt_definition *d, const hrt_limits *ceiling,
                    helios_error *err) {
  const struct profile *profile;
  int status = find_profile(&profile, d, err);
  if (status == 0) {
    out->fuel = limit(d, HRT_OPTION_FUEL_LIMIT, 0, HRT_DEFAULT_FUEL, ceiling->fuel);
    out->memory = limit(d, HRT_OPTION_MEMORY_LIMIT, profile ? profile->memory : 0,
                        HRT_DEFAULT_MEMORY, ceiling->memory);
    out->timeout_ms = limit(d, HRT_OPTION_TIMEOUT, profile ? profile->timeout_ms : 0,
                            HRT_DEFAULT_TIMEOUT_MS, ceiling->timeout_ms);
  }
  return status;
}

/* The canonical text of one grant. */
static int canonical(char out[HRT_CAPABILITY_BYTES], const char *text, helios_error *err) {
  hrt_caps *caps = NULL;
  int status = 0;
  HRT_TRY(hrt_caps_new(&caps, err));
  HRT_TRY(hrt_caps_add(caps, text, strlen(text), err));
  const char *short_form = hrt_caps_text(caps, 0);
  if (strlen(short_form) >= HRT_CAPABILITY_BYTES) {
    status = hrt_fail(err, HELIOS_E_CAPABILITY, "a capability is too long");
    goto out;
  }
  memcpy(out, short_form, strlen(short_form) + 1);
out:
  hrt_caps_free(caps);
  return status;
}

/* Index in d's own list, or capability_count. */
static uint32_t position(const hrt_definition *d, const char *text) {
  uint32_t i = 0;
  while (i < d->capability_count && strcasecmp(d->capabilities[i], text) != 0) {
    i++;
  }
  return i;
}

int hrt_grants_add(hrt_definition *d, const char *text, helios_error *err) {
  char grant[HRT_CAPABILITY_BYTES];
  int status = canonical(grant, text, err);
  if (status != 0 || position(d, grant) < d->capability_count) {
    return status;
  }
  if (d->capability_count == HRT_CAPABILITIES_MAX) {
    return hrt_fail(err, HELIOS_E_LIMIT, "more than %d capabilities", HRT_CAPABILITIES_MAX);
  }
  memcpy(d->capabilities[d->capability_count++], grant, sizeof grant);
  return 0;
}

int hrt_grants_revoke(hrt_definition *d, const char *text, helios_error *err) {
  char grant[HRT_CAPABILITY_BYTES];
  int status = canonical(grant, text, err);
  if (status != 0) {
    return status;
  }
  uint32_t at = position(d, grant);
  if (at == d->capability_count) {
    status =
        hrt_fail(err, HELIOS_E_NOT_FOUND, "%s is not among the procedure's capabilities", grant);
    hrt_hint(err, "grants of a profile go away with the profile only");
    return status;
  }
  d->capability_count--;
  memmove(d->capabilities[at], d->capabilities[at + 1],
          (d->capability_count - at) * sizeof d->capabilities[0]);
  return 0;
}
