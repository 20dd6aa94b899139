/* sjlj_parts.h - what the files of the lowering of setjmp share; see sjlj.h.
 *
 * Invariant: the module is only read; every index from it is compared with the size of the array
 * it indexes, even though hcc_validate has done so. */
#ifndef HCC_SJLJ_PARTS_H
#define HCC_SJLJ_PARTS_H

#include "instr.h"
#include "sjlj.h"

#define HCC_SJ_NONE UINT32_MAX

enum hcc__sj_kind {
  HCC_SJ_KEPT,   /* an import that stays, or a function of the module */
  HCC_SJ_INVOKE, /* calls function number (first parameter) of the table and catches */
  HCC_SJ_DIRECT, /* the same with a function that is known */
  HCC_SJ_THROW,
  HCC_SJ_ENTRY, /* stands for an exported function and traps on what it throws */
};

/* A function that the lowering adds, behind those of the module. */
typedef struct hcc__sj_made {
  enum hcc__sj_kind kind;
  uint32_t type;   /* index of its type */
  uint32_t target; /* DIRECT, ENTRY: original function; INVOKE: type of what it calls, or NONE */
} hcc__sj_made;

typedef struct hcc__sj {
  const hcc_module *m;
  hcc_error *err;
  enum hcc__sj_kind *kinds; /* [func_count] */
  uint32_t *ids;            /* [func_count]: index in the output */
  uint32_t *classes;        /* [type_count]: the first type that is equal */
  bool *throws;             /* [func_count + type_count]: the function, or a function of this class
                               that the table may hold */
  bool *named;              /* [func_count]: by a ref.func in a body */
  uint32_t *table;          /* [table_size]: original function, or NONE if not known */
  uint32_t table_size;      /* 0 if the table may change */
  uint32_t *direct, *entry; /* [func_count]: index in the output of the DIRECT or ENTRY */
  uint32_t save, restore, set_threw; /* original functions */
  uint32_t flag;                     /* the global that says that a throw is under way */
  uint32_t made_base;                /* index in the output of the first made function */
  hcc_buf made;                      /* hcc__sj_made[] */
} hcc__sj;

int hcc__sj_bug(const hcc__sj *sj, uint64_t offset);
int hcc__sj_no_memory(const hcc__sj *sj);
/* Adds a function; its index in the output. */
uint32_t hcc__sj_make(hcc__sj *sj, hcc__sj_made made);

/* Fills classes, throws and table; kinds is set. Errors: NO_MEMORY, INTERNAL. */
int hcc__sj_scan(hcc__sj *sj);
/* Is `type` what an invoke of type `invoke` calls: the same without its first parameter? */
bool hcc__sj_invokes(const hcc__sj *sj, uint32_t invoke, uint32_t type);

/* The body of a function of the module, and of one that was made; without their sizes. Errors:
 * INTERNAL. */
int hcc__sj_body(hcc_buf *out, hcc__sj *sj, const hcc_func *func);
void hcc__sj_made_body(hcc_buf *out, const hcc__sj *sj, const hcc__sj_made *made);
/* Instructions of a range as they are, functions renumbered. Errors: INTERNAL. */
int hcc__sj_copy(hcc_buf *out, const hcc__sj *sj, hcc_range code);

#endif
