/* procedure_name_test.c - the procedure by the machine's own compiler, without a database:
 *   cc -I heliosdb procedure_name_test.c -o procedure_name_test && ./procedure_name_test */
#include "procedure_name.c"

#include <heliosdb_mock.h> /* answers what procedures ask: hm_sql("SELECT ..."), hm_row(...) */

int main(void) {
  double got = 0;
  hm_begin();
  HM_CHECK(HM_CALL(got = procedure_name(100, 0.25)) && got == 125);
  HM_CHECK(!HM_CALL(procedure_name(100, -1)) && hm.error_code == 1);
  return hm_end();
}
