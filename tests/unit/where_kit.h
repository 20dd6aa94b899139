/* where_kit.h - memory of a script's interpreter, as its own functions would leave it. */
#ifndef WHERE_KIT_H
#define WHERE_KIT_H

#include <string.h>

#include "hsb_where.h"

enum { WHERE_RECORD = 256, WHERE_BYTES = 4096 }; /* where the record is; all that is written */

static inline void where_put(uint8_t *memory, uint32_t at, uint32_t word) {
  memcpy(memory + at, &word, sizeof word);
}

/* QuickJS: a frame at 1024 of a function `f` of a.js, on line 12, within a native one at 1100; its
 * code has 100 bytes at 3000. */
static inline void where_quickjs(uint8_t *memory) {
  static const struct hsb_where_quickjs w = {.magic = HSB_WHERE_QUICKJS,
                                             .frame_at = 512,
                                             .atoms_at = 516,
                                             .frame_function = 4,
                                             .frame_pc = 8,
                                             .object_shape = 4,
                                             .object_properties = 8,
                                             .object_code = 12,
                                             .classes = {13, 16, 52, 55},
                                             .shape_name = 4,
                                             .property_name = 16,
                                             .name = 77,
                                             .text = 0xfffffff9,
                                             .code_size = 4,
                                             .code_file = 8,
                                             .code_lines = 12,
                                             .code_lines_size = 16,
                                             .text_size = 4,
                                             .text_bytes = 8};
  /* line 9 (8), column 1; from byte 10 on 3 lines on; from byte 60 on 10 lines back */
  static const uint8_t lines[] = {8, 0, 0, 10, 6, 0, 0, 50, 19, 0};
  static const uint32_t words[][2] = {{512, 1100},        {516, 2000}, /* innermost, names */
                                      {1100, 1024},       {1104, 1200},
                                      {1200, 14},                            /* native */
                                      {1028, 1300},       {1032, 3000 + 30}, /* f, at byte 29 */
                                      {1300, 13},         {1304, 1400},
                                      {1308, 1500}, /* the object */
                                      {1312, 1600},       {1404, 77},
                                      {1516, 1700}, /* its name */
                                      {1520, 0xfffffff9}, {1704, 1},
                                      {1708, 'f'}, /* the text */
                                      {1600, 3000},       {1604, 100},
                                      {1608, 3}, /* the code */
                                      {1612, 1800},       {1616, sizeof lines},
                                      {2012, 2100},       {2104, 4},
                                      {2108, 0x736a2e61}}; /* atom 3: a.js */
  memset(memory, 0, WHERE_BYTES);
  memcpy(memory + WHERE_RECORD, &w, sizeof w);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    where_put(memory, words[i][0], words[i][1]);
  }
  memcpy(memory + 1800, lines, sizeof lines);
}

#endif
