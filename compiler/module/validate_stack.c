/* validate_stack.c - operand and control stacks of the validator. They grow on the heap, so guest
 * nesting never becomes recursion here. Invariants: see validate_internal.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "validate_internal.h"

/* Room for one item more than count. */
static int grow(void *array, uint32_t *capacity, uint32_t need, size_t size, hcc__validator *v) {
  void **items = array;
  if (need <= *capacity) {
    return 0;
  }
  uint32_t wanted = *capacity < 32 ? 64 : *capacity * 2; /* limits keep it below 2^21 */
  wanted = wanted < need ? need : wanted;
  void *larger = realloc(*items, wanted * size);
  if (larger == NULL) {
    return hcc_fail(v->err, HCC_E_NO_MEMORY, v->in.begin, "no memory for the validator's stack");
  }
  *items = larger;
  *capacity = wanted;
  return 0;
}

static hcc__frame *top(hcc__validator *v) {
  return &v->frames[v->frame_count - 1];
}

int hcc__push_types(hcc__validator *v, const uint8_t *types, uint32_t count) {
  if (count > HCC_MAX_OPERANDS - v->value_count) {
    return hcc_fail(v->err, HCC_E_LIMIT, v->in.begin, "more than %u operands on the stack",
                    HCC_MAX_OPERANDS);
  }
  int status = grow(&v->values, &v->value_capacity, v->value_count + count, 1, v);
  if (status == 0 && count != 0) {
    memcpy(v->values + v->value_count, types, count);
    v->value_count += count;
  }
  return status;
}

int hcc__push(hcc__validator *v, uint8_t type) {
  return hcc__push_types(v, &type, 1);
}

int hcc__pop(uint8_t *got, hcc__validator *v, uint8_t expected) {
  uint8_t type = HCC__ANY;
  if (v->value_count > top(v)->height) {
    type = v->values[--v->value_count];
  } else if (!top(v)->unreachable) {
    return hcc_fail(v->err, HCC_E_INVALID, v->in.begin,
                    "type mismatch: %s expects %s, found nothing", v->in.info->name,
                    hcc_type_name(expected));
  }
  if (type != expected && type != HCC__ANY && expected != HCC__ANY) {
    return hcc_fail(v->err, HCC_E_INVALID, v->in.begin, "type mismatch: %s expects %s, found %s",
                    v->in.info->name, hcc_type_name(expected), hcc_type_name(type));
  }
  if (got != NULL) {
    *got = type;
  }
  return 0;
}

int hcc__pop_types(hcc__validator *v, const uint8_t *types, uint32_t count) {
  uint32_t there = v->value_count - top(v)->height;
  there = there < count ? there : count;
  /* The common case at once, since a hostile module can make it happen 10^7 times for types of
   * 1,000 values: operands left open by unreachable code stand below all others of a frame. */
  uint32_t first = v->value_count - there, known = there;
  for (; known > 0 && v->values[first] == HCC__ANY; known--) {
    first++;
  }
  bool all_there = there == count || top(v)->unreachable;
  if (all_there && (known == 0 || memcmp(v->values + first, types + count - known, known) == 0)) {
    v->value_count -= there;
    return 0;
  }
  for (uint32_t i = count; i > 0; i--) { /* one at a time finds out which does not fit */
    int status = hcc__pop(NULL, v, types[i - 1]);
    if (status != 0) {
      return status;
    }
  }
  return 0;
}

int hcc__check_types(hcc__validator *v, const uint8_t *types, uint32_t count) {
  uint32_t saved = v->value_count;
  int status = hcc__pop_types(v, types, count);
  v->value_count = saved; /* popping does not overwrite */
  return status;
}

void hcc__set_unreachable(hcc__validator *v) {
  v->value_count = top(v)->height;
  top(v)->unreachable = true;
}

int hcc__push_frame(hcc__validator *v, uint32_t code, const hcc_functype *type) {
  if (v->frame_count > HCC_MAX_NESTING) {
    return hcc_fail(v->err, HCC_E_LIMIT, v->in.begin, "blocks nested more than %u deep",
                    HCC_MAX_NESTING);
  }
  int status = grow(&v->frames, &v->frame_capacity, v->frame_count + 1, sizeof *v->frames, v);
  if (status == 0) {
    v->frames[v->frame_count++] =
        (hcc__frame){.code = code, .height = v->value_count, .type = *type};
  }
  return status;
}

int hcc__pop_frame(hcc__frame *out, hcc__validator *v) {
  hcc__frame frame = *top(v);
  int status = hcc__pop_types(v, frame.type.results, frame.type.result_count);
  if (status != 0) {
    return status;
  }
  if (v->value_count != frame.height) {
    return hcc_fail(v->err, HCC_E_INVALID, v->in.begin,
                    "type mismatch: %s expects %" PRIu32 " values, found %" PRIu32 " more",
                    v->in.info->name, frame.type.result_count, v->value_count - frame.height);
  }
  v->frame_count--;
  *out = frame;
  return 0;
}

void hcc__validator_free(hcc__validator *v) {
  free(v->values);
  free(v->frames);
  free(v->locals);
}
