/* linkcheck_x86_test.c - the link check's x86-64 decoder: instructions that plugins may and may not
 * hold (assembled by clang, each set into a slot of a good plugin's code), and instruction lengths
 * compared with objdump over foreign code and over random allowed instructions. */
#include "linkcheck_kit.h"

#include "linkcheck_x86.h"

#define SLOT 16u /* bytes of an assembled case */

struct snippet {
  const char *code, *text; /* text: what the refusal says, NULL if allowed */
};

static const struct snippet snippets[] = {
    /* refused */
    {"syscall", "system call"},
    {"sysenter", "system call"},
    {"sysexit", "system call"},
    {"sysretq", "system call"},
    {"int $0x80", "interrupt"},
    {".byte 0xcd, 3", "interrupt"},
    {"int3", "int3 that is not padding"},
    {".byte 0xf1", "interrupt"},
    {"iretq", "interrupt"},
    {".byte 0xce", "unknown instruction"},
    {"lret", "far return"},
    {"lretq $8", "far return"},
    {"lcall *(%rax)", "far or prefixed"},
    {"ljmp *(%rax)", "far or prefixed"},
    {".byte 0x9a, 0, 0, 0, 0, 0, 0", "unknown instruction"},
    {".byte 0xea, 0, 0, 0, 0, 0, 0", "unknown instruction"},
    {".byte 0xff, 0xf8", "far or prefixed"},
    {"in $0x10, %al", "port"},
    {"in %dx, %eax", "port"},
    {"out %al, $0x10", "port"},
    {"out %eax, %dx", "port"},
    {"insb", "port"},
    {"insl", "port"},
    {"outsb", "port"},
    {"rep outsl", "port"},
    {"hlt", "privileged"},
    {"cli", "privileged"},
    {"sti", "privileged"},
    {"clts", "privileged"},
    {"invd", "privileged"},
    {"wbinvd", "privileged"},
    {"getsec", "privileged"},
    {"rsm", "privileged"},
    {"sldt (%rax)", "privileged"},
    {"ltr %ax", "privileged"},
    {"lgdt (%rax)", "system instruction"},
    {"sgdt (%rax)", "system instruction"},
    {"lidt (%rax)", "system instruction"},
    {"lmsw %ax", "system instruction"},
    {"invlpg (%rax)", "system instruction"},
    {"swapgs", "system instruction"},
    {"rdtscp", "system instruction"},
    {"xgetbv", "system instruction"},
    {"xsetbv", "system instruction"},
    {"vmcall", "system instruction"},
    {"vmlaunch", "system instruction"},
    {"vmmcall", "system instruction"},
    {"rdpkru", "system instruction"},
    {"wrpkru", "system instruction"},
    {"xend", "system instruction"},
    {"enclu", "system instruction"},
    {"monitor", "system instruction"},
    {"mwait", "system instruction"},
    {"stac", "system instruction"},
    {"vmread %rax, %rbx", "system instruction"},
    {"vmwrite %rax, %rbx", "system instruction"},
    {"invept (%rax), %rbx", "system instruction"},
    {"invpcid (%rax), %rbx", "system instruction"},
    {"wrssq %rax, (%rbx)", "system instruction"},
    {"wrussq %rax, (%rbx)", "system instruction"},
    {"movdir64b (%rax), %rbx", "system instruction"},
    {"movdiri %rax, (%rbx)", "system instruction"},
    {"enqcmd (%rax), %rbx", "system instruction"},
    {"ldtilecfg (%rax)", "system instruction"},
    {"tdpbssd %tmm0, %tmm1, %tmm2", "system instruction"},
    {"mov %ds, %eax", "segment register"},
    {"mov %eax, %ds", "segment register"},
    {"push %fs", "segment register"},
    {"pop %fs", "segment register"},
    {"push %gs", "segment register"},
    {"pop %gs", "segment register"},
    {"lfs (%rax), %rbx", "segment register"},
    {"lgs (%rax), %rbx", "segment register"},
    {"lss (%rax), %rbx", "segment register"},
    {"lar %ax, %rbx", "segment register"},
    {"lsl %ax, %rbx", "segment register"},
    {"mov %fs:0x28, %rax", "segment override"},
    {"mov %gs:(%rax), %rbx", "segment override"},
    {"mov %rax, %gs:8(%rbx)", "segment override"},
    {"mov %ss:(%rax), %rbx", "segment override"},
    {"mov %es:(%rax), %rbx", "segment override"},
    {"mov %cr0, %rax", "control or debug"},
    {"mov %rax, %cr3", "control or debug"},
    {"mov %rax, %cr8", "control or debug"},
    {"mov %db7, %rax", "control or debug"},
    {"mov %rax, %db0", "control or debug"},
    {"rdfsbase %rax", "processor state"},
    {"rdgsbase %rax", "processor state"},
    {"wrfsbase %rax", "processor state"},
    {"wrgsbase %rax", "processor state"},
    {"xsave (%rax)", "processor state"},
    {"xsaveopt (%rax)", "processor state"},
    {"xrstor (%rax)", "processor state"},
    {"fxsave (%rax)", "processor state"},
    {"fxrstor (%rax)", "processor state"},
    {"ldmxcsr (%rax)", "processor state"},
    {"stmxcsr (%rax)", "processor state"},
    {"clflush (%rax)", "processor state"},
    {"clflushopt (%rax)", "processor state"},
    {"clwb (%rax)", "processor state"},
    {"incsspq %rax", "processor state"},
    {"umonitor %rax", "processor state"},
    {"vldmxcsr (%rax)", "flags or modes"},
    {"xsavec (%rax)", "machine-specific"},
    {"xsaves (%rax)", "machine-specific"},
    {"xrstors (%rax)", "machine-specific"},
    {"cmpxchg16b (%rax)", "machine-specific"},
    {"rdrand %rax", "machine-specific"},
    {"rdseed %rax", "machine-specific"},
    {"rdpid %rax", "machine-specific"},
    {"cpuid", "machine-specific"},
    {"rdmsr", "machine-specific"},
    {"wrmsr", "machine-specific"},
    {"rdtsc", "time stamp"},
    {"rdpmc", "time stamp"},
    {"std", "flags or modes"},
    {"cld", "flags or modes"},
    {"popfq", "flags or modes"},
    {"pushfq", "flags or modes"},
    {"fld1", "x87 or MMX"},
    {"fldcw (%rax)", "x87 or MMX"},
    {"fnstenv (%rax)", "x87 or MMX"},
    {"fwait", "x87 or MMX"},
    {"emms", "x87 or MMX"},
    {"femms", "x87 or MMX"},
    {"pfadd %mm0, %mm1", "x87 or MMX"},
    {"paddb %mm0, %mm1", "x87 or MMX"},
    {"movq %mm0, (%rax)", "x87 or MMX"},
    {"movd %eax, %mm0", "x87 or MMX"},
    {"pshufb %mm0, %mm1", "x87 or MMX"},
    {"palignr $1, %mm0, %mm1", "x87 or MMX"},
    {"cvtpi2ps %mm0, %xmm0", "x87 or MMX"},
    {"cvttps2pi %xmm0, %mm0", "x87 or MMX"},
    {"movq2dq %mm0, %xmm0", "x87 or MMX"},
    {"pextrw $1, %mm0, %eax", "x87 or MMX"},
    {"lock addl $1, (%rax)", "lock prefix"},
    {"lock cmpxchg %eax, (%rbx)", "lock prefix"},
    {"cmpxchg %eax, (%rbx)", "atomic"},
    {"xadd %eax, (%rbx)", "atomic"},
    {"xchg %rax, (%rbx)", "atomic"},
    {"xchg %al, 1(%rbx,%rcx)", "atomic"},
    {".byte 0x0f, 0xff, 0xd8", "undefined instruction"},
    {"ud1 %eax, %ebx", "undefined instruction"},
    {"bt %rax, (%rbx)", "bit test"},
    {"bts %rax, (%rbx)", "bit test"},
    {"btr %rax, (%rbx)", "bit test"},
    {"btc %rax, (%rbx)", "bit test"},
    {"movabs 0x123456789abc, %al", "absolute address"},
    {"movabs %rax, 0x123456789abc", "absolute address"},
    {"mov 0x1234, %rax", "absolute address"},
    {"vmovaps 0x1234, %xmm8", "absolute address"},
    {"movl $1, 0x1234", "absolute address"},
    {"enter $8, $0", "never emits"},
    {"loop . + 2", "never emits"},
    {"jrcxz . + 2", "never emits"},
    {"xlatb", "never emits"},
    {"scasb", "never emits"},
    {"cmpsb", "never emits"},
    {"lodsb", "never emits"},
    {"sahf", "never emits"},
    {"lahf", "never emits"},
    {"ret $8", "never emits"},
    {"prefetchw (%rax)", "never emits"},
    {"prefetcht0 (%rax)", "never emits"},
    {"cldemote (%rax)", "never emits"},
    {"aesenc %xmm0, %xmm1", "never emits"},
    {"vaesenc %xmm0, %xmm1, %xmm2", "never emits"},
    {"sha1msg1 %xmm0, %xmm1", "never emits"},
    {"pcmpistri $1, %xmm0, %xmm1", "never emits"},
    {"maskmovdqu %xmm0, %xmm1", "never emits"},
    {"vmaskmovdqu %xmm0, %xmm1", "never emits"},
    {"vaddph %zmm0, %zmm1, %zmm2", "never emits"},
    {"vfmaddss %xmm0, %xmm1, %xmm2, %xmm3", "never emits"},
    {"xabort $1", "opcode group member"},
    {"xbegin . + 6", "opcode group member"},
    {"crc32 %eax, %ebx", "must be in memory"},
    {"rdsspq %rax", "shadow stack"},
    {"endbr32", "shadow stack"},
    {".byte 0xf3, 0x41, 0x90", "pause with a register"},
    {".byte 0xf3, 0x49, 0x90", "pause with a register"},
    {".byte 0x62, 0xe1, 0x7f, 0x08, 0x2c, 0xc0", "general register"}, /* vcvttsd2si: APX's r16 */
    {".byte 0x62, 0xe1, 0x7e, 0x08, 0x2d, 0xc0", "general register"},
    {".byte 0x62, 0xe1, 0x7e, 0x08, 0x78, 0xc0", "general register"},
    {".byte 0x62, 0xe1, 0x7f, 0x08, 0x79, 0xc0", "general register"},
    {".byte 0x62, 0xe1, 0x7d, 0x08, 0xc5, 0xc0, 1", "general register"},
    {".byte 0xc5, 0xfb, 0x91, 0x00", "prefix that it must not have"}, /* kmov with F2 */
    {".byte 0xc5, 0xfb, 0x90, 0x00", "prefix that it must not have"},
    {".byte 0x62, 0xf1, 0x7c, 0x48, 0x7a, 0xc0", "prefix that it must not have"},
    {".byte 0x62, 0xf1, 0x7c, 0x48, 0x7b, 0xc0", "prefix that it must not have"},
    {".byte 0x62, 0xf2, 0x7e, 0x48, 0x36, 0xc0", "prefix that it must not have"},
    {".byte 0x62, 0xf2, 0x7e, 0x48, 0x37, 0xc0", "prefix that it must not have"},
    {"mov (%eax), %ebx", "address size"},
    {".byte 0x67, 0x90", "address size"},
    {".byte 0x48, 0x66, 0x90", "REX prefix"},
    {".byte 0x48, 0x48, 0x90", "REX prefixes"},
    {".byte 0xf2, 0xf3, 0xa4", "repeat prefix"},
    {".byte 0x66, 0xe9, 0, 0, 0, 0", "prefix that it must not have"},
    {".byte 0x66, 0xe8, 0, 0, 0, 0", "prefix that it must not have"},
    {".byte 0x66, 0x0f, 0x84, 0, 0, 0, 0", "prefix that it must not have"},
    {".byte 0x66, 0x74, 0", "prefix that it must not have"},
    {".byte 0x66, 0xc3", "prefix that it must not have"},
    {".byte 0x66, 0xff, 0xe0", "prefixed indirect"},
    {".byte 0x66, 0xff, 0xd0", "prefixed indirect"},
    {".byte 0xf2, 0xff, 0xe0", "prefixed indirect"},
    {".byte 0x66, 0x50", "prefix that it must not have"},
    {".byte 0x66, 0x0f, 0x0b", "prefix that it must not have"},
    {".byte 0x66, 0xc5, 0xf8, 0x77", "vector prefix"},
    {".byte 0x40, 0xc5, 0xf8, 0x77", "vector prefix"},
    {".byte 0xf3, 0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc0", "vector prefix"},
    {".byte 0x06", "unknown instruction"},
    {".byte 0x0e", "unknown instruction"},
    {".byte 0x27", "unknown instruction"},
    {".byte 0x60", "unknown instruction"},
    {".byte 0x82, 0xc0, 0", "unknown instruction"},
    {".byte 0xd4, 0x0a", "unknown instruction"},
    {".byte 0xd6", "unknown instruction"},
    {".byte 0x0f, 0x04", "unknown instruction"},
    {".byte 0x0f, 0x0a", "unknown instruction"},
    {".byte 0x0f, 0x24, 0xc0", "unknown instruction"},
    {".byte 0x0f, 0xa6, 0xc0", "unknown instruction"},
    {".byte 0x0f, 0x3b, 0xc0", "unknown instruction"},
    {".byte 0xc4, 0xe4, 0x7b, 0xf0, 0xc0, 0", "unknown instruction"},
    {".byte 0xc4, 0xe0, 0x78, 0x58, 0xc0", "unknown instruction"},
    {".byte 0x62, 0xf4, 0x7c, 0x48, 0x58, 0xc0", "unknown instruction"},
    {".byte 0x62, 0xf1, 0x78, 0x48, 0x58, 0xc0", "unknown instruction"},
    {".byte 0x62, 0xf9, 0x7c, 0x48, 0x58, 0xc0", "unknown instruction"},
    {".byte 0x8f, 0xe9, 0x78, 0x01, 0xc8", "opcode group member"},
    {".byte 0x8d, 0xc0", "must be in memory"},
    {".byte 0xfe, 0xd0", "opcode group member"},
    {".byte 0x0f, 0xba, 0xc0, 1", "opcode group member"},
    {".byte 0xf2, 0xf, 0x58, 0x05, 0, 0, 0, 0x7f", "address outside the image"},
    {".byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, "
     "0x66, "
     "0x90",
     "unknown instruction"},
    {"jmp . + 0x100000", "branch out of .text"},
    {"jmp . - 0x100000", "branch out of .text"},
    {"call . + 0x100000", "branch out of .text"},
    {"jne . + 0x100000", "branch out of .text"},
    {"jmp . + 1", "middle of an instruction"},
    {"call . + 3", "middle of an instruction"},
    {"je . + 1", "middle of an instruction"},
    {"lea . + 1(%rip), %rax", "middle of an instruction"},
    {"lea . + 0x1000000(%rip), %rax", "outside the image"},
    /* allowed */
    {"ud2", NULL},
    {"ret; int3; int3", NULL},
    {"rep ret", NULL},
    {"call . + 6; int3", NULL},
    {"jmp . + 2", NULL},
    {"jmp *%rax; int3", NULL},
    {"jmp *8(%rax,%rbx,8)", NULL},
    {"call *%r11", NULL},
    {"notrack jmp *%rax", NULL},
    {"lea . + 7(%rip), %rax", NULL},
    {"lea 0x10(,%rax,8), %rbx", NULL},
    {"lea 0(,%r12,4), %ecx", NULL}, /* index 4 is none only without REX.X */
    {"vmovaps 0(,%r12,4), %xmm8", NULL},
    {"endbr64", NULL},
    {"pause", NULL},
    {"lfence", NULL},
    {"leave", NULL},
    {"rep movsq", NULL},
    {"rep stosb", NULL},
    {"movabs $0x123456789abcdef0, %rax", NULL},
    {"movw $0x1234, 8(%rax)", NULL},
    {"movq $-1, 8(%rax)", NULL},
    {"addw $0x1234, %ax", NULL},
    {"testw $0x1234, 1(%rax)", NULL},
    {"testb $1, 1(%rax)", NULL},
    {"testq $0x12345678, 0x12345678(%rax,%rbx)", NULL},
    {"neg %rax", NULL},
    {"divl (%rax)", NULL},
    {"imul $0x1234, %ax, %bx", NULL},
    {"imul $0x12345678, 8(%rax), %rbx", NULL},
    {"bt $3, (%rax)", NULL},
    {"bts %rax, %rbx", NULL},
    {"shld $3, %rax, %rbx", NULL},
    {"xchg %rcx, %rbx", NULL},
    {"xchg %r8, %rax", NULL},
    {"vcvttps2udq (%rax), %zmm17", NULL},
    {"vcvttps2uqq (%rax), %zmm17", NULL},
    {"vcvttss2usi %xmm17, %rax", NULL},
    {"kmovq (%rax), %k1", NULL},
    {"bswap %r10", NULL},
    {"popcntw %ax, %bx", NULL},
    {"tzcnt %rax, %rbx", NULL},
    {"movbe (%rax), %bx", NULL},
    {"cvttsd2si %xmm0, %rax", NULL},
    {"pinsrw $1, (%rax), %xmm0", NULL},
    {"roundsd $3, %xmm0, %xmm1", NULL},
    {"pshufb (%rax), %xmm9", NULL},
    {"vzeroupper", NULL},
    {"vpshufd $0x1b, 8(%rax), %ymm9", NULL},
    {"vfmadd231pd %ymm1, %ymm2, %ymm3", NULL},
    {"vpgatherdd %ymm0, (%rax,%ymm1,4), %ymm2", NULL},
    {"vpgatherqq %ymm0, 8(%rax,%ymm4,2), %ymm2", NULL},
    {"vgatherqpd (,%zmm4), %zmm6{%k1}", NULL},
    {"vgatherqpd (,%ymm12,1), %ymm6{%k1}", NULL},
    {"vpscatterqd %ymm6, (,%zmm4){%k1}", NULL},
    {".byte 0xc4, 0xe2, 0xfd, 0x93, 0x10", "gather or scatter without a vector of indices"},
    {"rorx $3, %rax, %rbx", NULL},
    {"shlx %rax, %rbx, %rcx", NULL},
    {"pdep %rax, %rbx, %rcx", NULL},
    {"vpternlogd $0x96, 0x40(%rax), %zmm1, %zmm30{%k1}{z}", NULL},
    {"vpcompressd %zmm1, 0x1000(%rax){%k1}", NULL},
    {"vcmpps $1, %zmm0, %zmm1, %k2", NULL},
    {"kmovd %k1, %eax", NULL},
    {"kshiftrw $8, %k1, %k2", NULL},
    {"nopw %cs:0x200(%rax,%rax)", NULL},
    {".byte 0x66, 0x66, 0x66, 0x66, 0x2e, 0xf, 0x1f, 0x84, 0, 0, 2, 0, 0", NULL},
};
#define SNIPPETS (sizeof snippets / sizeof *snippets)

static image plugin; /* good, with a long run of nops */
static image codes;  /* the snippets' object file */

static const uint8_t *section_bytes(const image *i, uint64_t flags, uint64_t *size) {
  Elf64_Shdr *s = (Elf64_Shdr *)(i->bytes + kit_header(i)->e_shoff);
  while ((s->sh_flags & SHF_EXECINSTR) != flags || s->sh_size == 0) {
    s++;
  }
  *size = s->sh_size;
  return i->bytes + s->sh_offset;
}

static int setup(void **state) {
  if (kit_setup(state)) {
    return 1;
  }
  kit_write("plugin.s",
            ".text\nf: ret\n.rept 256\nnop\n.endr\nret\n.balign 16, 0xcc\n"
            ".section .data.rel.ro,\"aw\"\n.globl helios_plugin\n"
            ".type helios_plugin,@object\n.size helios_plugin,136\n"
            "helios_plugin: .zero 120\n.quad f, 0\n.section .note.GNU-stack,\"\",@progbits\n");
  char path[128];
  snprintf(path, sizeof path, "%s/codes.s", kit_folder);
  FILE *f = fopen(path, "w");
  for (size_t i = 0; i < SNIPPETS; i++) {
    fprintf(f, "%s\n.balign %u, 0x90\n", snippets[i].code, SLOT);
  }
  fclose(f);
  if (kit_run("clang --target=x86_64-linux-gnu " LINK_FLAGS " plugin.s -o plugin.so && "
              "clang --target=x86_64-linux-gnu -c codes.s -o codes.o")) {
    return 1;
  }
  plugin = kit_read("plugin.so");
  codes = kit_read("codes.o");
  return 0;
}

static int teardown(void **state) {
  free(plugin.bytes);
  free(codes.bytes);
  return kit_teardown(state);
}

static void judge__each(void **state) {
  (void)state;
  uint64_t size;
  const uint8_t *bytes = section_bytes(&codes, SHF_EXECINSTR, &size);
  uint64_t text = kit_segment(&plugin, PT_LOAD, PF_R | PF_X)->p_offset, slot = text + 129;
  kit_accepted(&plugin, "the plugin itself");
  assert_int_equal(size, SNIPPETS * SLOT); /* each in its own slot */
  for (size_t i = 0; i < SNIPPETS; i++) {
    image so = kit_copy(&plugin);
    memcpy(so.bytes + slot, bytes + i * SLOT, SLOT);
    if (snippets[i].text == NULL) {
      kit_accepted(&so, snippets[i].code);
    } else {
      kit_refused(&so, snippets[i].code, snippets[i].text);
    }
    free(so.bytes);
  }
}

static void judge__offset(void **state) {
  (void)state;
  image so = kit_copy(&plugin);
  uint64_t text = kit_segment(&so, PT_LOAD, PF_R | PF_X)->p_offset;
  hcc_linkcheck_report report;
  so.bytes[text + 100] = 0x0f;
  so.bytes[text + 101] = 0x05;
  assert_int_equal(hcc_linkcheck(&report, so.bytes, so.size), 1);
  assert_int_equal(report.offset, text + 100);
  free(so.bytes);
}

/* An instruction that lacks its last byte has no length, whichever it is. */
static void length__truncated(void **state) {
  (void)state;
  uint64_t size;
  const uint8_t *bytes = section_bytes(&codes, SHF_EXECINSTR, &size);
  for (size_t i = 0; i < SNIPPETS; i++) {
    hcc_x86_insn insn, cut;
    if (hcc_x86_decode(&insn, bytes + i * SLOT, SLOT) != 0) {
      continue;
    }
    for (size_t n = 0; n < insn.length; n++) {
      assert_int_equal(hcc_x86_decode(&cut, bytes + i * SLOT, n), 1);
    }
    assert_int_equal(hcc_x86_decode(&cut, bytes + i * SLOT, insn.length), 0);
    assert_int_equal(cut.length, insn.length);
  }
}

/* One line of objdump -d -w: address, bytes, text. Returns the number of bytes, 0 if it is none. */
static unsigned parse(const char *line, unsigned long *address, uint8_t *bytes, const char **text) {
  char *p;
  unsigned n = 0;
  *address = strtoul(line, &p, 16);
  if (line[0] != ' ' || p[0] != ':' || p[1] != '\t') {
    return 0;
  }
  for (p += 2; n < 15 && *p != '\t' && *p != '\n';) {
    char *end;
    bytes[n++] = (uint8_t)strtoul(p, &end, 16);
    if (end == p) {
      return 0;
    }
    p = end + strspn(end, " ");
  }
  *text = p;
  return n;
}

/* Is it a line on which objdump and the processor see different instructions? It shows a REX prefix
 * that has no effect, and the wait in front of an x87 instruction, in its own way. */
static int odd(const char *text, const uint8_t *bytes) {
  return strstr(text, "(bad)") != NULL || strncmp(text, "\trex", 4) == 0 || bytes[0] == 0x9b;
}

static void length__foreign_code(void **state) {
  (void)state;
  static const char *const files[] = {"/usr/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6",
                                      "/usr/lib/libc.so.6"};
  size_t known = 0, count = 0, file = 0;
  char line[512];
  while (file < 3 && access(files[file], R_OK) != 0) {
    file++;
  }
  if (file == 3) {
    skip();
  }
  snprintf(line, sizeof line, "objdump -d -w -j .text %s", files[file]);
  FILE *f = popen(line, "r");
  assert_non_null(f);
  while (fgets(line, sizeof line, f) != NULL) {
    uint8_t bytes[32] = {0};
    unsigned long address;
    const char *text;
    hcc_x86_insn insn;
    unsigned n = parse(line, &address, bytes, &text);
    if (n == 0 || odd(text, bytes)) {
      continue;
    }
    count++;
    if (hcc_x86_decode(&insn, bytes, n) != 0 || insn.length != n) {
      fail_msg("length %u: %s", insn.length, line);
    }
    known += insn.refusal == NULL;
  }
  pclose(f);
  print_message("%zu instructions, %zu of them allowed\n", count, known);
  assert_true(count > 100000 && known > count * 9 / 10);
}

static uint64_t random_state = 88172645463325252u;

static uint8_t random_byte(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint8_t)(random_state >> 24);
}

/* Sixteen random bytes, many of them behind prefixes and escapes. */
static void random_bytes(uint8_t b[16]) {
  static const uint8_t leads[] = {0x0f, 0xc4, 0xc5, 0x62, 0x66, 0xf3, 0xf2, 0x48, 0x0f, 0x2e};
  unsigned n = random_byte() % 4;
  for (unsigned i = 0; i < 16; i++) {
    b[i] = i < n ? leads[random_byte() % sizeof leads] : random_byte();
  }
  if (n > 0 && b[n - 1] == 0x62) {
    b[n] = (uint8_t)((b[n] & 0xf0) | (1 + b[n] % 3));
    b[n + 1] |= 4;
  } else if (n > 0 && b[n - 1] == 0xc4) {
    b[n] = (uint8_t)((b[n] & 0xe0) | (1 + b[n] % 3));
  } else if (n > 0 && b[n - 1] == 0x0f && b[n] % 2 == 0) {
    b[n] = b[n] % 4 == 0 ? 0x38 : 0x3a;
  }
}

/* Random allowed instructions back to back must be read by objdump at the same places. */
static void length__random(void **state) {
  (void)state;
  enum { COUNT = 30000 };
  static uint8_t begins[COUNT * 16];
  char line[512];
  size_t at = 0, compared = 0;
  snprintf(line, sizeof line, "%s/random", kit_folder);
  FILE *f = fopen(line, "wb");
  for (unsigned n = 0; n < COUNT;) {
    uint8_t b[16];
    hcc_x86_insn insn;
    random_bytes(b);
    if (hcc_x86_decode(&insn, b, sizeof b) == 0 && insn.refusal == NULL) {
      assert_int_equal(fwrite(b, 1, insn.length, f), insn.length);
      begins[at] = insn.length;
      at += insn.length;
      n++;
    }
  }
  fclose(f);
  snprintf(line, sizeof line, "objdump -D -w -b binary -m i386:x86-64 %s/random", kit_folder);
  f = popen(line, "r");
  assert_non_null(f);
  while (fgets(line, sizeof line, f) != NULL) {
    uint8_t bytes[32];
    unsigned long address;
    const char *text;
    unsigned n = parse(line, &address, bytes, &text);
    /* objdump takes an impossible encoding for a shorter one and is back in step soon */
    if (n == 0 || address >= at || begins[address] == 0 || odd(text, bytes)) {
      continue;
    }
    compared++;
    if (begins[address] != n) {
      fail_msg("length %u: %s", begins[address], line);
    }
  }
  pclose(f);
  print_message("%zu instructions compared\n", compared);
  assert_true(compared > COUNT * 8 / 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(judge__each),       cmocka_unit_test(judge__offset),
      cmocka_unit_test(length__truncated), cmocka_unit_test(length__foreign_code),
      cmocka_unit_test(length__random),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
