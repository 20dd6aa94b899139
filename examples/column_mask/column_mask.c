/* column_mask.c - masks of personal data for views: who may see a column gets it clear, everybody else
 * gets its shape. Deterministic and without any grant, so that views and indexes may call them. */
#include <heliosdb.h>

static bool may_see(helios_text role) {
  return helios_same(role, HELIOS_TEXT("auditor")) || helios_same(role, HELIOS_TEXT("owner"));
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Bytes of the character that begins at `at`, at most what is left: text is UTF-8. */
static unsigned character(helios_text t, unsigned at) {
  unsigned n = 1;
  while (at + n < t.length && ((unsigned char)t.at[at + n] & 0xc0) == 0x80) {
    n++;
  }
  return n;
}

/** ann.smith@example.com becomes a***@example.com
 * @helios deterministic */
helios_text mask_email(helios_text email, helios_text role) {
  unsigned sign = 0;
  while (sign < email.length && email.at[sign] != '@') {
    sign++;
  }
  if (may_see(role) || email.length == 0) {
    return email;
  }
  unsigned first = sign == 0 ? 0 : character(email, 0);
  unsigned rest = email.length - sign;
  char *out = helios_alloc(first + 3 + rest);
  hg_text masked = {out, 0, first + 3 + rest};
  hg_put(&masked, email.at, first);
  hg_put(&masked, HG_LIT("***"));
  hg_put(&masked, email.at + sign, rest);
  return (helios_text){out, masked.length};
}

/** 4111 1111 1111 1234 becomes **** **** **** 1234: the last four digits stay, and what is no digit.
 * @helios deterministic */
helios_text mask_card(helios_text card, helios_text role) {
  unsigned digits = 0;
  if (may_see(role)) {
    return card;
  }
  char *out = helios_alloc(card.length);
  for (unsigned i = card.length; i-- > 0;) {
    bool hide = is_digit(card.at[i]) && digits++ >= 4;
    out[i] = hide ? '*' : card.at[i];
  }
  return (helios_text){out, card.length};
}

/** A salary in steps of 10,000 for those who may not see it; NULL stays NULL, also for the role.
 * @helios deterministic */
long long mask_salary(const long long *salary, const helios_text *role) {
  if (salary == 0) {
    return helios_null();
  }
  return role != 0 && may_see(*role) ? *salary : *salary - *salary % 10000;
}
