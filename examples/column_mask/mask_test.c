/* mask_test.c - the masks tested by the machine's own compiler, without heliosc and without a database. */
#include "column_mask.c"

#include <heliosdb_mock.h>

static bool says(helios_text got, const char *wanted) {
  return helios_same(got, (helios_text){wanted, (unsigned)strlen(wanted)});
}

int main(void) {
  const helios_text clerk = HELIOS_TEXT("clerk"), owner = HELIOS_TEXT("owner");
  helios_text got = {0, 0};
  long long salary = 53210, shown = 0;
  hm_begin();
  HM_CHECK(HM_CALL(got = mask_email(HELIOS_TEXT("ann@example.com"), clerk)) && says(got, "a***@example.com"));
  HM_CHECK(HM_CALL(got = mask_email(HELIOS_TEXT("élodie@example.org"), clerk)) && says(got, "é***@example.org"));
  HM_CHECK(HM_CALL(got = mask_email(HELIOS_TEXT("ann@example.com"), owner)) && says(got, "ann@example.com"));
  HM_CHECK(HM_CALL(got = mask_card(HELIOS_TEXT("4111 1111 1111 1234"), clerk)) && says(got, "**** **** **** 1234"));
  HM_CHECK(HM_CALL(got = mask_card(HELIOS_TEXT("12"), clerk)) && says(got, "12"));
  HM_CHECK(HM_CALL(shown = mask_salary(&salary, &clerk)) && shown == 50000 && !hm.null_result);
  HM_CHECK(HM_CALL(shown = mask_salary(&salary, 0)) && shown == 50000);
  HM_CHECK(HM_CALL(shown = mask_salary(&salary, &owner)) && shown == 53210);
  HM_CHECK(HM_CALL(shown = mask_salary(0, &clerk)) && hm.null_result);
  return hm_end();
}
