/* hsb_where.h - the record by which an interpreter says where it keeps what it runs, so that the
 * host finds the script's line in the memory of a call that was ended from outside
 * (docs/script-engines.md). In linear memory, at the address that script_where was given. The
 * engine fills it in by its own structs; to the host it is what any guest may have written.
 *
 * All words are little-endian. `..._at` is an address in linear memory, all else an offset, or as
 * it says. */
#ifndef HSB_WHERE_H
#define HSB_WHERE_H

#include <stdint.h>

#define HSB_WHERE_QUICKJS 0x314a5148u     /* "HQJ1" */
#define HSB_WHERE_MICROPYTHON 0x31594d48u /* "HMY1" */

struct hsb_where_quickjs {
  uint32_t magic;
  uint32_t frame_at, atoms_at; /* pointers: to the innermost frame, to the table of names */
  /* in a frame: the one around it, the function object, the instruction */
  uint32_t frame_outer, frame_function, frame_pc;
  uint32_t object_class, object_shape, object_properties, object_code;
  uint32_t classes[4]; /* whose objects have code */
  /* the second property of functions is their name: its atom in the shape, its value in the
   * properties */
  uint32_t shape_name, property_name;
  uint32_t name, text; /* not offsets: the atom "name", and what the upper word of a text is */
  uint32_t code_begin, code_size, code_file, code_lines, code_lines_size;
  uint32_t text_size, text_bytes;
};

struct hsb_where_micropython {
  uint32_t magic;
  uint32_t handler_at, pools_at; /* pointers: to the innermost handler, to the last pool of names */
  /* of a handler: the one around it, what is 0 where it is the loop's, the loop's frame */
  uint32_t handler_outer, handler_id, handler_state;
  uint32_t state_function, state_pc;
  uint32_t function_module, function_code;
  uint32_t module_file;
  /* of a pool: the one before it, names in all those, names in it, their lengths, their bytes */
  uint32_t pool_outer, pool_before, pool_count, pool_lengths, pool_texts;
};

#endif
