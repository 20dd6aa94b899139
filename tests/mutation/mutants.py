"""mutants.py - what mutate.py changes beside every `if`, and what of it is no change."""

# Files whose every `if` is a check, or the way to one.
SCOPE = ["rt-sandbox/hsb_check.h", "rt-sandbox/hsb_cold.c", "rt-sandbox/hsb_lib.c", "rt-sandbox/include/hsb_cold.h",
         "rt-sandbox/include/hsb_memory.h", "rt-sandbox/include/hsb_override.h",
         "rt-sandbox/include/hsb_simd_memory.h", "rt-sandbox/include/hsb_table.h", "runtime/instance/birth.c",
         "runtime/instance/budget.c", "runtime/instance/call.c", "runtime/instance/charge.h", "runtime/instance/cow.c",
         "runtime/instance/guest.c", "runtime/instance/image.c",
         "runtime/instance/outermost.h", "runtime/instance/reserve.c", "runtime/instance/signal.c",
         "runtime/instance/strips.c", "runtime/instance/track.c"]

# Macros that are a check where they stand.
CHECKS = ["HSB_CHECK", "HSB_FORCE", "HSB_TABLE_CHECK"]

INST, RT = "runtime/instance/", "rt-sandbox/include/"
CHARGE = INST + "charge.h"
SIGNAL, TRACK, IMAGE, COW = (INST + name for name in ("signal.c", "track.c", "image.c", "cow.c"))
CALL, OUTER, BUDGET = INST + "call.c", INST + "outermost.h", INST + "budget.c"
GUEST, RESERVE, GUARD = INST + "guest.c", INST + "reserve.c", INST + "guard_x86_64.S"
BIRTH, STRIPS = INST + "birth.c", INST + "strips.c"

# (file, text that is there once, what takes its place)
ROWS = [
    # the compiler's part
    ("compiler/native/cc_flags.def", '"-fno-optimize-sibling-calls"', '"-foptimize-sibling-calls"'),
    ("compiler/native/cc_flags.def", '"-DHSB_EXPLICIT_BOUNDS"', '"-DHSB_NO_BOUNDS"'),
    ("compiler/native/cc_flags.def", '"-Werror=frame-larger-than"', '"-Wno-error=frame-larger-than"'),
    # the shape of a sandbox
    ("rt-sandbox/hsb_abi.h", "((UINT64_C(8) << 30) + HSB_PAGE)", "((UINT64_C(4) << 30) + HSB_PAGE)"),
    ("rt-sandbox/hsb_check.h", "!__builtin_add_overflow(a, b, out)", "(__builtin_add_overflow(a, b, out), true)"),
    ("rt-sandbox/hsb_check.h", "off <= size && len <= size - off", "len <= size - off"),
    ("rt-sandbox/hsb_check.h", "off <= size && len <= size - off", "off <= size"),
    ("rt-sandbox/hsb_check.h", "off <= size && len <= size - off", "off + len <= size"),
    # memory
    (RT + "hsb_memory.h", "UNLIKELY(addr + (bytes) > mem->size)", "UNLIKELY(addr > mem->size)"),
    (RT + "hsb_memory.h", "UNLIKELY(addr + (bytes) > mem->size)", "UNLIKELY((u32)(addr + (bytes)) > mem->size)"),
    (RT + "hsb_memory.h", "UNLIKELY(addr + (bytes) > mem->size)", "UNLIKELY(addr + (bytes) > mem->size + 1)"),
    (RT + "hsb_memory.h", '__asm__ volatile("" ::reg(value))', "(void)0"),
    (RT + "hsb_memory.h", "*(const hsb_v##raw *)at", "*(const hsb_##raw *)at"),
    (RT + "hsb_memory.h", "(u64)at + n > mem->size", "at + n > mem->size"),
    (RT + "hsb_memory.h", "(u64)at + n > mem->size", "at > mem->size"),
    (RT + "hsb_memory.h", "(u64)from + n > size", "from + n > size"),
    (RT + "hsb_memory.h", "(mem)->pages >= (min) ? (void)0", "1 ? (void)0"),
    # tables and calls
    (RT + "hsb_table.h", "jae %l[wrong]", "nop"),
    (RT + "hsb_table.h", "jne %l[wrong]", "nop"),
    (RT + "hsb_table.h", "cmp %c[size](%[instance])", "cmp $0x7fffffff"),
    (RT + "hsb_table.h", '[size] "i"((char *)&table->size', '[size] "i"((char *)&table->max_size'),
    (RT + "hsb_table.h", "UNLIKELY((end) > (u64)(size))", "UNLIKELY((u32)(end) > (u64)(size))"),
    (RT + "hsb_table.h", "UNLIKELY((end) > (u64)(size))", "UNLIKELY((end) > (u64)(size) + 1)"),
    (RT + "hsb_table.h", "delta > table->max_size - old", "old + delta > table->max_size"),
    ("rt-sandbox/hsb_cold.c", "!room || granted < min || granted > max", "granted < min || granted > max"),
    ("rt-sandbox/hsb_cold.c", "!room || granted < min || granted > max", "!room || granted > max"),
    ("rt-sandbox/hsb_cold.c", "!room || granted < min || granted > max", "!room || granted < min"),
    (RT + "hsb_override.h", "(hsb_trap(instance, HSB_TRAP_##name, __LINE__), 0)", "0"),
    # reservation and growth
    (RESERVE, "i->tracking == HRT_TRACK_NEVER || mprotect(i->memory, size, PROT_READ) == 0", "true"),
    (RESERVE, "i->tracking == HRT_TRACK_NEVER || mprotect(i->memory, size, PROT_READ) == 0",
     "mprotect(i->memory, size, PROT_READ) == 0"),
    (RESERVE, "watched ? PROT_READ : PROT_READ", "watched ? PROT_READ | PROT_WRITE : PROT_READ"),
    (RESERVE, "pages > i->limit_pages", "(uint32_t)pages > i->limit_pages"),
    (RESERVE, "pages > i->limit_pages", "pages > i->limit_pages + 1"),
    (RESERVE, "hrt_instance_memory(i) == NULL || pages", "pages"),
    (RESERVE, "  i->dirty = true;\n", ""),
    (RESERVE, "    i->base_pages = (uint32_t)pages;\n", ""),
    (RESERVE, "want = want < *max ? want : *max;", ""),
    (RESERVE, "want = want < room ? want : room;", ""),
    (RESERVE, "return want >= min;", "return true;"),
    (RESERVE, "i->tables_used += t.size;", ""),
    (RESERVE, "i->ready || index != i->table_count", "index != i->table_count"),
    # the fault handler
    (SIGNAL, "a == NULL || info->si_code <= 0 || info->si_code == SI_KERNEL", "a == NULL || info->si_code == SI_KERNEL"),
    (SIGNAL, "a == NULL || info->si_code <= 0 || info->si_code == SI_KERNEL", "a == NULL || info->si_code <= 0"),
    (SIGNAL, "address - (uintptr_t)i->reservation >= i->reservation_size ||\n      !hrt_plugin_has_pc(i->plugin, pc)",
     "!hrt_plugin_has_pc(i->plugin, pc)"),
    (SIGNAL, "address - (uintptr_t)i->reservation >= i->reservation_size ||\n      !hrt_plugin_has_pc(i->plugin, pc)",
     "address - (uintptr_t)i->reservation >= i->reservation_size"),
    (SIGNAL, "SA_SIGINFO | SA_ONSTACK | SA_NODEFER", "SA_SIGINFO | SA_NODEFER"),
    (SIGNAL, "SA_SIGINFO | SA_ONSTACK | SA_NODEFER", "SA_SIGINFO | SA_ONSTACK"),
    (SIGNAL, "  errno = saved;\n", "  (void)saved;\n"),
    (SIGNAL, "    a->pc = pc;\n", ""),
    # calls
    (CALL, "  i->life = HRT_DEAD;\n", ""),
    (CALL, "i->dirty = i->dirty || !e->stateless;", ""),
    (CALL, "code ? (int)code : HSB_TRAP_UNREACHABLE", "(int)code"),
    (OUTER, "(i->life | i->unmetered | b->depth) != HRT_IDLE ||\n                           ", ""),
    (OUTER, "hrt_thread.current != NULL || ", ""),
    (OUTER, "!hrt_stack_is_known(here) ||\n                           ", ""),
    (OUTER, " ||\n                           !hrt_budget_is_ample(b)", ""),
    (OUTER, "limit > floor ? limit : floor", "limit"),
    (OUTER, "limit > floor ? limit : floor", "floor"),
    (OUTER, "  hrt_thread.current = outer;\n", "  (void)outer;\n"),
    (OUTER, "  i->life = HRT_RUNNING;\n", ""),
    (OUTER, "  i->life = HRT_IDLE;\n", ""),
    (OUTER, "  i->dirty |= !e->stateless;\n", ""),
    (OUTER, "  a->err = err;\n", ""),
    (OUTER, "  b->fuel_used += (uint64_t)a->mark - (uint64_t)left;\n", ""),
    (OUTER, "  b->depth = 0;\n", ""),
    (OUTER, " && (b->fuel_limit == 0 || b->fuel_used <= b->fuel_limit)", ""),
    (OUTER, "b->fuel_limit == 0 || (uint64_t)grant < left ? grant : (int64_t)left", "((void)left, grant)"),
    (OUTER, "return left - a->extra;", "return (void)a, left;"),
    (OUTER, "i->life != HRT_IDLE || ", ""),
    (OUTER, " || hrt_thread.current ||", " ||"),
    (OUTER, "  hrt_thread.current = NULL;\n", ""),
    (OUTER, "(uint64_t)slice >= most || ", ""),
    (OUTER, "                           !hrt_stack_is_known(here),\n", "                           0,\n"),
    (OUTER, "(uint64_t)fuel < most ? fuel : (int64_t)most", "fuel"),
    (OUTER, "    *used = 0;\n", ""),
    (OUTER, "  ctx->stack_limit = hrt_stack_limit_here(i, here);\n", ""),
    (OUTER, "  hrt_thread.current = a;\n", ""),
    (OUTER, "  *used = (uint64_t)a->mark - (uint64_t)left;\n", "  *used = 0;\n"),
    (OUTER, "fuel_limit != 0 && fuel_limit < INT64_MAX ? fuel_limit : INT64_MAX", "fuel_limit"),
    (OUTER, "return metered ? most : 0;", "return (void)metered, most;"),
    # births
    (BIRTH, "b->plugin != i->plugin || ", ""),
    (BIRTH, "b->limit_pages != i->limit_pages ||\n               ", ""),
    (BIRTH, "b->stack_bytes != i->stack_bytes || ", ""),
    (BIRTH, "b->origin_size != size ||\n               ", ""),
    (BIRTH, " ||\n               memcmp(b->origin, origin, size) != 0", ""),
    (BIRTH, "i->begin && words && ", "i->begin && "),
    (BIRTH, "i->life == HRT_IDLE && ", ""),
    (BIRTH, "!i->dirty && ", ""),
    (BIRTH, "!i->spoiled &&\n      ", ""),
    (BIRTH, "\n      same_tables(i) &&", ""),
    (BIRTH, " && is_movable(i)) {", ") {"),
    (BIRTH, "t->image_size != c->size || ", ""),
    (BIRTH, " || (c->size > 0 && memcmp(t->image, c->bytes, c->size) != 0)", ""),
    (BIRTH, "return memcmp(before + whole, after + whole, i->abi->instance_size - whole) == 0;", "return (void)whole, true;"),
    (BIRTH, "b->fuel_used <= b->fuel_limit && ", ""),
    (BIRTH, " && fuel <= b->fuel_limit - b->fuel_used", ""),
    (BIRTH, "b->fuel = fuel - begin->fuel;", "b->fuel = fuel;"),
    (BIRTH, "  i->pages = i->base_pages = b->pages;\n", ""),
    (BIRTH, "  i->peak_pages = b->peak_pages;\n", ""),
    (BIRTH, "    t->borrowed = true;\n", ""),
    (BIRTH, "      t->open = 0;\n", ""),
    (BIRTH, "mprotect(t->data, t->size, PROT_READ) != 0", "false"),
    (BIRTH, "  change_globals(i, b);\n", ""),
    (BIRTH, "  budget->fuel_used += b->fuel;\n", ""),
    (BIRTH, "  i->dirty = false;\n", ""),
    (BIRTH, "    i->birth->refs++;\n", ""),
    (BIRTH, "    b->refs++;\n", ""),
    # long zeros
    (STRIPS, "at[0] == 0 && ", ""),
    (STRIPS, "&& memcmp(at, at + 1, LINE - 1) == 0", ""),
    (STRIPS, "at < end && s->count < most", "at < end"),
    (STRIPS, "last != NULL && !last->zero && !zero && last->end == at", "last != NULL && last->zero == zero && last->end == at"),
    (STRIPS, "last != NULL && !last->zero && !zero && last->end == at", "last != NULL && !last->zero && !zero"),
    (STRIPS, "HRT_STRIPS - need", "HRT_STRIPS"),
    (STRIPS, "  s->count = 0;\n", ""),
    (STRIPS, "  s->known = true;\n", ""),
    # fuel, time, stack
    (BUDGET, "(uint64_t)fuel < left ? fuel : (int64_t)left", "((void)left, fuel)"),
    (BUDGET, "  b->slice = a->mark - a->extra;\n", "  b->slice = a->mark;\n"),
    (BUDGET, "  b->depth++;\n", ""),
    (BUDGET, "  b->depth--;\n", ""),
    (BUDGET, "used + units < used ? UINT64_MAX : used + units", "used + units"),
    (BUDGET, "units < INT64_MAX / 2 ? units + HRT_TOLL_HOST : INT64_MAX / 2",
     "units + HRT_TOLL_HOST"),
    (BUDGET, "return outer_is_higher ? outer->instance->ctx->stack_limit : limit;",
     "(void)outer_is_higher;\n  return limit;"),
    (CHARGE, "units <= HRT_CHARGE_MOST && ", ""),
    (CHARGE, " && ctx->fuel >= (int64_t)units + HRT_TOLL_HOST", ""),
    (CHARGE, "    ctx->fuel -= (int64_t)units + HRT_TOLL_HOST;\n", ""),
    (CHARGE, "    i->activation.mark -= HRT_TOLL_HOST; /* fuel_used is settled later */\n", ""),
    # guest memory for the host
    (GUEST, "!hsb_in_range(at.v, len, hrt_guest_size(i)) || !hrt_track_write(i, at.v, len)",
     "!hrt_track_write(i, at.v, len)"),
    (GUEST, "!hsb_in_range(at.v, len, hrt_guest_size(i)) || !hrt_track_write(i, at.v, len)",
     "!hsb_in_range(at.v, len, hrt_guest_size(i))"),
    (GUEST, "!hsb_add64(&all, len, zeros) || ", "(all = len + zeros, 0) || "),
    (GUEST, "!hsb_in_range(at.v, all, hrt_guest_size(i)) ||\n      ", ""),
    (GUEST, " ||\n      !hrt_track_open(i, at.v, all)", ""),
    (GUEST, "!hsb_add64(&end, at.v, len)", "(end = at.v + len, 0)"),
    # checkpoint and reset
    (COW, "        hrt_ranges_add(&image->contents, page, page + 1);\n", ""),
    (COW, "    r = i->image->contents;\n", ""),
    (COW, "    hrt_ranges_add(&r, i->hot.at[n].first, i->hot.at[n].end);\n", ""),
    (COW, "image->plugin == i->plugin && ", ""),
    (COW, "image->pages == i->pages && ", ""),
    (COW, "holds(image, i, r) &&\n        ", ""),
    (COW, " &&\n        holds(image, i, &image->contents)", ""),
    (COW, "F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW", "F_SEAL_SHRINK | F_SEAL_GROW"),
    (COW, "    i->holed = true;\n", ""),
    (COW, "  hrt_track_forget(i);\n", ""),
    (IMAGE, "i->life != HRT_IDLE || i->spoiled", "i->life != HRT_IDLE"),
    (IMAGE, "!i->spoiled && restore_memory(i)", "restore_memory(i)"),
    (IMAGE, "image->fd >= 0 ? hrt_image_map(i, err) : hrt_track_begin(i, err)", "hrt_track_begin(i, err)"),
    (IMAGE, "  i->life = HRT_DEAD; /* unless all of it works */\n", ""),
    (IMAGE, "  i->base_pages = i->pages;\n", ""),
    (IMAGE, "  memcpy(i->instance, i->instance_image, i->abi->instance_size);\n", ""),
    (IMAGE, "    memset(t->data + t->image_size, 0, page_end - t->image_size);\n", ""),
    (IMAGE, "madvise(begin, size, MADV_DONTNEED) == 0 && ", ""),
    (IMAGE, " && mprotect(begin, size, PROT_NONE) == 0", ""),
    (IMAGE, "page_end == t->open || madvise(t->data + page_end, t->open - page_end, MADV_DONTNEED) == 0", "true"),
    (IMAGE, "  i->life = done ? HRT_IDLE : HRT_DEAD;\n", ""),
    (IMAGE, "  return done ? 0 : hrt_fail(err, HELIOS_E_MEMORY, \"can't reset an instance\");", "  return 0;"),
    (IMAGE, "i->limit_pages < abi->memory_max ? i->limit_pages : abi->memory_max", "i->limit_pages"),
    (IMAGE, "i->limit_pages < HSB_PAGES_MAX ? i->limit_pages : HSB_PAGES_MAX", "i->limit_pages"),
    (IMAGE, "  copy_back(i, &i->image->contents);\n", ""),
    (IMAGE, "done = at == end || madvise(i->memory + at, end - at, MADV_DONTNEED) == 0;", "done = true;"),
    (IMAGE, "return hrt_track_begin(i, NULL) == 0;", "return true;"),
    # written pages
    (TRACK, "r->count == HRT_RANGES || ", ""),
    (TRACK, "first >= r->at[n].first && end <= r->at[n].end", "first >= r->at[n].first"),
    (TRACK, "first >= r->at[n].first && end <= r->at[n].end", "end <= r->at[n].end"),
    (TRACK, "at + len < base ? at + len : base", "at + len"),
    (TRACK, "address >= memory && address - memory < (uint64_t)i->base_pages * HSB_PAGE", "address >= memory"),
    (TRACK, "  i->dirty = true;\n", ""),
    (TRACK, "i->tracking != HRT_TRACK_FAULTS || at >= base || len == 0", "at >= base || len == 0"),
    (TRACK, "guest's memory\");\n  }\n  hrt_track_forget(i);\n", "guest's memory\");\n  }\n"),
    (TRACK, "  i->spoiled = true;\n", "  (void)i;\n"),
    (TRACK, "i->spoiled || i->tracking != HRT_TRACK_FAULTS || hrt_ranges_hold", "i->tracking != HRT_TRACK_FAULTS || hrt_ranges_hold"),
    (TRACK, "  i->hot = *hot;\n", ""),
    (TRACK, "  i->strips.known = false;\n", ""),
    # what a landing gives back
    *[(GUARD, f"        movq    {n}(%rdi), %{r}\n", "") for n, r in
      ((0, "rbx"), (8, "rbp"), (16, "r12"), (24, "r13"), (32, "r14"), (40, "r15"))],
]

# Key of a mutant -> why nothing can tell.
SLICE = "the size of a slice: how often the clock is looked at, not whether"
SPEED = "a short cut: the long way does the same"
WORDS = "wording of a message"
EQUIVALENT = {
    f"{BUDGET}: if (b->slice_size == 0) => if (0 && (b->slice_size == 0))": SLICE,
    f"{BUDGET}: if (passed > SLICE_NS_HIGH && b->slice_size > SLICE_MIN) => if (0 && (passed > SLICE_NS_HIGH && "
    "b->slice_size > SLICE_MIN))": SLICE,
    f"{BUDGET}: if (passed < SLICE_NS_LOW && b->slice_size < SLICE_MAX) => if (0 && (passed < SLICE_NS_LOW && "
    "b->slice_size < SLICE_MAX))": SLICE,
    f"{BUDGET}: if (fuel >= 0 && a->last) => if (0 && (fuel >= 0 && a->last))": SPEED,
    f"{CHARGE}: if (__builtin_expect(units <= HRT_CHARGE_MOST && ctx->fuel >= (int64_t)units + HRT_TOLL_HOST, 1)) => "
    "if (0 && (__builtin_expect(units <= HRT_CHARGE_MOST && ctx->fuel >= (int64_t)units + HRT_TOLL_HOST, 1)))": SPEED,
    f"{SIGNAL}: if (atomic_load_explicit(&installed, memory_order_acquire)) => "
    "if (0 && (atomic_load_explicit(&installed, memory_order_acquire)))": SPEED,
    "rt-sandbox/hsb_lib.c: if (n >= STRING_MIN) => if (0 && (n >= STRING_MIN))": SPEED,
    "rt-sandbox/hsb_lib.c: if (n >= STRING_MIN) => if (0 && (n >= STRING_MIN)) #2": SPEED,
    "rt-sandbox/hsb_lib.c: if (n >= 4) => if (0 && (n >= 4)) #2": SPEED,
    "rt-sandbox/hsb_lib.c: if ((uintptr_t)to - (uintptr_t)from >= n && (uintptr_t)from - (uintptr_t)to >= n) => "
    "if (0 && ((uintptr_t)to - (uintptr_t)from >= n && (uintptr_t)from - (uintptr_t)to >= n))": SPEED,
    f"{RT}hsb_table.h: if (LIKELY(x < table->size && table->data[x].func_type == type)) => "
    "if (0 && (LIKELY(x < table->size && table->data[x].func_type == type)))":
        "not compiled for x86-64, which has the same in assembly: its rows are above",
    f"{IMAGE}: if (i->image->fd >= 0) => if (0 && (i->image->fd >= 0))": SPEED,
    f"{CALL}: if (trap == HSB_TRAP_FUEL) => if (0 && (trap == HSB_TRAP_FUEL))": WORDS,
    f"{CALL}: if (trap == HSB_TRAP_DEADLINE) => if (0 && (trap == HSB_TRAP_DEADLINE))": WORDS,
    f"{CALL}: if (own) => if (0 && (own))": WORDS,
    f"{IMAGE}: if (i->ready && !i->dirty) => if (0 && (i->ready && !i->dirty))": SPEED,
    f"{IMAGE}: if (++i->resets < HRT_RELEARN) => if (0 && (++i->resets < HRT_RELEARN))": SPEED,
    f"{IMAGE}: if (i->tracking != HRT_TRACK_NEVER) => if (0 && (i->tracking != HRT_TRACK_NEVER))":
        "the table stays open: a reset then restores it whole each time",
    f"{RESERVE}: if (!(i->abi->flags & HSB_PLUGIN_HAS_MEMORY)) => if (0 && (!(i->abi->flags & HSB_PLUGIN_HAS_MEMORY)))":
        "more address space than a module without memory needs",
    f"{RESERVE}: if (sysconf(_SC_PAGESIZE) != HRT_TRACK_PAGE) => if (0 && (sysconf(_SC_PAGESIZE) != HRT_TRACK_PAGE))":
        "x86-64 has no other pages",
    f"{INST}strips.c: if (last != NULL && !last->zero && !zero && last->end == at) => "
    "if (0 && (last != NULL && !last->zero && !zero && last->end == at))": SPEED,
    f"{INST}strips.c: if (s->at[n].zero) => if (0 && (s->at[n].zero))": SPEED,
    f"{TRACK}: if (!i->ready) => if (0 && (!i->ready))": "one fault a page while an instance begins, not one for sixteen",
    f"{BIRTH}: if (i->tracking != HRT_TRACK_NEVER) => if (0 && (i->tracking != HRT_TRACK_NEVER))":
        "the table stays open: a reset then restores it whole each time",
    f"{BIRTH}: b->fuel_used <= b->fuel_limit && => nothing": "the plugin's init, which runs first, finds the same",
    f"{BIRTH}: i->dirty = false; => nothing": SPEED,
    f"{OUTER}: fuel_limit != 0 && fuel_limit < INT64_MAX ? fuel_limit : INT64_MAX => fuel_limit": SPEED,
    f"{STRIPS}: last != NULL && !last->zero && !zero && last->end == at => last != NULL && last->zero == zero && last->end == at":
        "two of zeros never touch: a run ends where zeros do",
    f"{RESERVE}: i->dirty = true; => nothing": "every way to it has set it: hrt_call for what is not stateless, hrt_guest_grow",
}
