/* 15-abi_test.c - structs that two sides compile separately do not drift: what a plugin file and a
 * plugin say is laid out as docs/plugin-abi.md froze it for major 1. A change here is a new major.
 * (Guest headers against the table of host functions: tests/unit/sdk_test.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hsb_abi.h"
#include "hsb_file.h"

#define SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type)
#define AT(type, field, offset) _Static_assert(offsetof(struct type, field) == (offset), #field)

_Static_assert(HSB_ABI_MAJOR == 1, "the layouts below are those of major 1");
SIZE(hsb_binding, 16);
SIZE(hsb_host, 48);
AT(hsb_host, trap, 8);
AT(hsb_host, refuel, 16);
AT(hsb_host, memory_grow, 24);
AT(hsb_host, table_reserve, 32);
AT(hsb_host, poll, 40);
SIZE(hsb_ctx, 48);
AT(hsb_ctx, wanted, 4);
AT(hsb_ctx, stack_limit, 8);
AT(hsb_ctx, fuel, 16);
AT(hsb_ctx, host, 24);
AT(hsb_ctx, imports, 32);
AT(hsb_ctx, owner, 40);
SIZE(hsb_memory, 24);
AT(hsb_memory, data, 0);
AT(hsb_memory, pages, 8);
AT(hsb_memory, max_pages, 12);
AT(hsb_memory, size, 16);
SIZE(hsb_segment, 24);
SIZE(hsb_import, 32);
AT(hsb_import, module_len, 24);
SIZE(hsb_export, 40);
AT(hsb_export, name_len, 16);
AT(hsb_export, flags, 24);
AT(hsb_export, call, 32);
SIZE(helios_plugin, 136);
AT(helios_plugin, flags, 8);
AT(helios_plugin, instance_size, 12);
AT(helios_plugin, memory_offset, 16);
AT(helios_plugin, exports, 48);
AT(helios_plugin, blob_size, 80);
AT(helios_plugin, module_hash, 88);
AT(helios_plugin, init, 120);
AT(helios_plugin, start, 128);
SIZE(hsb_file_entry, 24);
SIZE(hsb_file_footer, 80);
AT(hsb_file_footer, elf_size, 8);
AT(hsb_file_footer, mac, 32);
AT(hsb_file_footer, magic, 64);
AT(hsb_file_footer, file_size, 72);
SIZE(hsb_file_func, 20);
SIZE(hsb_file_line, 8);
_Static_assert(HSB_SPAN > HSB_INSTANCE_MAX, "an instance ends before its memory begins");
_Static_assert(sizeof(struct hsb_ctx) <= HSB_CTX_BYTES, "ctx fits its page");

/* Codes in plugins that exist: appended to, never renumbered. */
static void traps__keep_their_numbers(void **state) {
  (void)state;
  static const int codes[] = {HSB_TRAP_NONE,
                              HSB_TRAP_UNREACHABLE,
                              HSB_TRAP_OOB,
                              HSB_TRAP_TABLE_OOB,
                              HSB_TRAP_DIV_BY_ZERO,
                              HSB_TRAP_INT_OVERFLOW,
                              HSB_TRAP_INVALID_CONVERSION,
                              HSB_TRAP_CALL_UNDEFINED,
                              HSB_TRAP_CALL_NULL,
                              HSB_TRAP_CALL_SIGNATURE,
                              HSB_TRAP_STACK,
                              HSB_TRAP_FUEL,
                              HSB_TRAP_DEADLINE,
                              HSB_TRAP_CANCELLED,
                              HSB_TRAP_MEMORY_LIMIT,
                              HSB_TRAP_OUT_OF_MEMORY,
                              HSB_TRAP_HOST};
  for (int n = 0; n < (int)(sizeof codes / sizeof *codes); n++) {
    assert_int_equal(codes[n], n);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(traps__keep_their_numbers)};
  return cmocka_run_group_tests_name("abi", tests, NULL, NULL);
}
