/* linkcheck_test.c - what the link check accepts and refuses of an ELF image: real code at several
 * optimisation levels and machines, images linked wrongly on purpose, and a good image with one
 * field changed. Instructions are tested in linkcheck_x86_test.c. */
#include "linkcheck_kit.h"

#include "hsb_abi.h"

/* Small kernels that make clang use what it has: vectors, jump tables, function tables, bit
 * operations, conversions, copies. */
static const char kernels[] =
    "#include \"hsb_abi.h\"\n"
    "typedef uint32_t u32; typedef uint64_t u64;\n"
    "void *memcpy(void*d,const void*s,size_t n){char*a=d;const char*b=s;while(n--)*a++=*b++;return "
    "d;}\n"
    "void *memset(void*d,int c,size_t n){char*a=d;while(n--)*a++=(char)c;return d;}\n"
    "static int f0(int x){return x+1;} static int f1(int x){return x*77;} static int f2(int "
    "x){return x/3;} static int f3(int x){return x%(x|1);}\n"
    "int run(void*i,int k,int x){switch(k&3){case 0:return f0(x);case 1:return f1(x)^k;case "
    "2:return "
    "f2(x)-3;default:return f3(x);}}\n"
    "int sw(void*i,int k,int x){switch(k){case 0:return x*3;case 1:return f2(x);case 2:return "
    "x^5;case "
    "3:return x<<3;case 4:return x-9;case 5:return run(i,x,k);case 6: "
    "__builtin_trap();default:return 0;}}\n"
    "void saxpy(float*a,const float*b,float k,u32 n){for(u32 i=0;i<n;i++)a[i]+=k*b[i];}\n"
    "u64 pop(const u64*a,u32 n){u64 s=0;for(u32 "
    "i=0;i<n;i++)s+=(u64)__builtin_popcountll(a[i])+(u64)__builtin_clzll(a[i]|1)+(u64)__builtin_"
    "ctzll(a[i]|1);return s;}\n"
    "void cvt(double*d,const u32*a,const int8_t*b,u32 n){for(u32 "
    "i=0;i<n;i++){d[i]=(double)a[i]*b[i]+__builtin_sqrt(d[i]);}}\n"
    "u64 fl(double d){return (u64)d;} double uf(u64 u){return (double)u;} float tr(float x){return "
    "(float)(int)x+__builtin_fabsf(x);}\n"
    "void by(uint8_t*a,const uint8_t*b,u32 n){for(u32 i=0;i<n;i++){uint8_t "
    "c=a[i],d=b[i];a[i]=c>d?(uint8_t)(c-d):(uint8_t)((c&15)|(d<<4));}}\n"
    "u64 mulh(u64 a,u64 b){return (u64)(((unsigned __int128)a*b)>>64);} u64 rot(u64 a,u32 "
    "n){return a<<(n&63)|a>>(-n&63);}\n"
    "u32 bs(u32 x){return __builtin_bswap32(x);} u64 pd(u64 a,u64 b){return (a&~b)|(a&(a-1));}\n"
    "void sc(u32*t,const u32*idx,u32 n){for(u32 i=0;i<n;i++)t[i]=t[idx[i]]^(t[i]>>(idx[i]&31));}\n"
    "struct big{u64 a[64];}; void cp(struct big*a,const struct big*b){*a=*b;} void zs(struct "
    "big*a){*a=(struct big){0};}\n"
    "struct ref{u64 a[4];}; __attribute__((noinline)) static void bump(u64*p){p[0]+=p[3];}\n"
    "__attribute__((noinline)) static u64 byval(struct ref r,u64 "
    "k){r.a[1]=k;r.a[3]=k*3;bump(r.a);return r.a[0]^r.a[1];}\n"
    "u64 br(const struct ref*p,u64 k){return byval(*p,k)+byval(p[1],k+1);}\n"
    "#define E(f) {.call=(void(*)(void*,hsb_slot*))f}\n"
    "static const struct hsb_export "
    "exports[]={E(run),E(sw),E(saxpy),E(pop),E(cvt),E(fl),E(uf),E(tr)"
    ",E(by),E(mulh),E(rot),E(bs),E(pd),E(sc),E(cp),E(zs),E(br)};\n"
    "__attribute__((visibility(\"default\"))) const struct helios_plugin "
    "helios_plugin={.size=sizeof helios_plugin,.export_count=17,.exports=exports};\n";

static const char good[] =
    "#include \"hsb_abi.h\"\n"
    "static int f(int x) { return x + 1; }\n"
    "int g(int x) { return f(x) * 3 / (x | 1); }\n"
    "const char text[] = \"hello\";\n"
    "static const struct hsb_export exports[] = {{.call = (void (*)(void *, hsb_slot *))f}};\n"
    "__attribute__((visibility(\"default\"))) const struct helios_plugin helios_plugin = {\n"
    "  .size = sizeof helios_plugin, .instance_size = 64, .export_count = 1, .exports = exports,\n"
    "  .init = (void (*)(void *))g, .blob = text};\n";

static image good_image;

static int setup(void **state) {
  int failed = kit_setup(state);
  kit_write("good.c", good);
  failed |=
      kit_run("clang -O1 --target=x86_64-linux-gnu " CC_FLAGS " " LINK_FLAGS " good.c -o good.so");
  if (!failed) {
    good_image = kit_read("good.so");
  }
  return failed;
}

static int teardown(void **state) {
  free(good_image.bytes);
  return kit_teardown(state);
}

static void accept__compiled(void **state) {
  (void)state;
  static const char *const flags[] = {
      "-O1",
      "-O2",
      "-Os",
      "-O3",
      "-O3 -march=x86-64-v2",
      "-O3 -march=x86-64-v3",
      "-O3 -march=x86-64-v4",
      "-O3 -march=sapphirerapids -mprefer-vector-width=512",
      "-O3 -march=native",
      "-O3 -falign-loops=64 -mllvm -x86-cmov-converter=false -ffp-contract=off",
      "-O2 -g",
      "-O2 -fcf-protection=full",
      "-O2 -ffunction-sections",
      "-O1 -Wl,-s",
      "-O3 -Wl,-z,separate-code",
      "-O1 --target=aarch64-linux-gnu",
      "-O3 --target=aarch64-linux-gnu",
  };
  kit_write("kernels.c", kernels);
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    assert_int_equal(kit_run("clang --target=x86_64-linux-gnu " CC_FLAGS " " LINK_FLAGS
                             " %s kernels.c -o k.so",
                             flags[i]),
                     0);
    image k = kit_read("k.so");
    kit_accepted(&k, flags[i]);
    free(k.bytes);
  }
}

static void accept__counts(void **state) {
  (void)state;
  hcc_linkcheck_report report;
  assert_int_equal(hcc_linkcheck(&report, good_image.bytes, good_image.size), 0);
  assert_int_equal(report.text_bytes, kit_segment(&good_image, PT_LOAD, PF_R | PF_X)->p_filesz);
  assert_true(report.instructions > report.text_bytes / 15);
}

/* Linked wrongly on purpose. code is added to the good plugin. */
static const struct wrong {
  const char *name, *code, *flags, *text;
} wrongs[] = {
    {"constructor", "__attribute__((constructor)) static void c(void) { asm(\"\"); }", "",
     "section of type 0xe"},
    {"destructor", "__attribute__((destructor)) static void c(void) { asm(\"\"); }", "",
     "section of type 0xf"},
    {"preinit", "asm(\".section .preinit_array,\\\"aw\\\",@preinit_array\\n.quad 0\\n.text\");", "",
     "section of type 0x10"},
    {"init function", "", "-Wl,-init=g", "dynamic entry 0xc is not allowed"},
    {"fini function", "", "-Wl,-fini=g", "dynamic entry 0xd is not allowed"},
    {"undefined data", "extern int x; int *y(void) { return &x; }", "-Wl,-z,undefs",
     "undefined symbol"},
    {"undefined function", "int x(void); int y(void) { return x(); }", "-Wl,-z,undefs",
     "second or misshapen table"},
    {"weak undefined", "extern int x __attribute__((weak)); int *y(void) { return &x; }", "",
     "undefined symbol"},
    {"library", "", "-Wl,--no-as-needed good.so", "dynamic entry 0x1 is not allowed"},
    {"thread-local", "__thread int t; int *y(void) { return &t; }", "-ftls-model=initial-exec",
     "segment of type 0x7"},
    {"second export", "__attribute__((visibility(\"default\"))) const int other = 3;", "",
     "not helios_plugin"},
    {"exported function", "__attribute__((visibility(\"default\"))) int other(void) { return 1; }",
     "", "not helios_plugin"},
    {"writable data", "int w = 1; int *y(void) { return &w; }", "", "stays writable"},
    {"writable bss", "int w; int *y(void) { return &w; }", "", "stays writable"},
    {"executable stack", "", "-Wl,-z,execstack", "executable stack"},
    {"no relro", "", "-Wl,-z,norelro", "no segment of type 0x6474e552"},
    {"ifunc",
     "static void *r(void) { return g; } int i(void) __attribute__((ifunc(\"r\")));"
     "int y(void) { return i(); }",
     "", "not exactly .text"},
    {"text relocation", "asm(\".text\\n.quad g\\n\");", "-Wl,-z,notext",
     "dynamic entry 0x1e is wrong"},
    {"run path", "", "-Wl,-rpath,/x", "dynamic entry 0x1d"},
    {"old run path", "", "-Wl,-rpath,/x,--disable-new-dtags", "dynamic entry 0xf"},
    {"library name", "", "-Wl,-soname,x", "dynamic entry 0xe"},
    {"filter", "", "-Wl,--filter=x", "dynamic entry 0x7fffffff"},
    {"auxiliary", "", "-Wl,--auxiliary=x", "dynamic entry 0x7ffffffd"},
    {"init first", "", "-Wl,-z,initfirst", "dynamic entry 0x6ffffffb is wrong"},
    {"never unloaded", "", "-Wl,-z,nodelete", "dynamic entry 0x6ffffffb is wrong"},
    {"interposer", "", "-Wl,-z,interpose", "dynamic entry 0x6ffffffb is wrong"},
    {"origin", "", "-Wl,-z,origin", "dynamic entry 0x1e is wrong"},
    {"kept relocations", "", "-Wl,--emit-relocs", "not mapped"},
    {"packed relocations", "", "-Wl,--pack-dyn-relocs=relr", "section of type 0x13"},
    {"writable text", "", "-Wl,-N", "both writable and executable"},
    {"second code section",
     "__attribute__((section(\"other\"), used)) static int o(void) { return 2; }", "",
     "not exactly .text"},
    {"program", "int _start(void) { return 0; }", "-pie", "entry point"},
    {"32 bits", "", "-m32", "not a 64-bit"},
    {"object file", "", "-r", "not a shared object"},
    {"int3 in the middle", "void y(void) { asm(\"int3; nop\"); }", "", "int3 that is not padding"},
    {"system call", "void y(void) { asm(\"syscall\"); }", "", "system call"},
    {"jump out", "void y(void) { asm(\"jmp y + 0x2000\"); }", "", "branch out of .text"},
    {"jump into an instruction", "void y(void) { asm(\"1: jmp 1b + 1\"); }", "",
     "middle of an instruction"},
    {"conditional jump into an instruction",
     "void y(void) { asm(\"jc 1f + 2\\n1: movabs $0x50f, %rax\"); }", "",
     "middle of an instruction"},
    {"call into an instruction", "void y(void) { asm(\"call 1f + 2\\n1: movabs $0x50f, %rax\"); }",
     "", "middle of an instruction"},
    {"address of the middle of an instruction",
     "void y(void) { asm(\"lea 1f + 2(%rip), %rax\\n1: movabs $0x50f, %rax\"); }", "",
     "middle of an instruction"},
    {"address outside", "void y(void) { asm(\"lea y + 0x1000000(%rip), %rax\"); }", "",
     "address outside the image"},
    {"jump into padding", "void y(void) { asm(\"jmp 1f\\n1: int3\\n ret\"); }", "",
     "middle of an instruction or padding"},
    {"pointer into an instruction",
     "asm(\"1: movabs $0x50f, %rax\\n.section .data.rel.ro,\\\"aw\\\"\\n.quad 1b + 2\\n.text\");",
     "", "pointer into the middle"},
    {"pointer outside", "asm(\".section .data.rel.ro,\\\"aw\\\"\\n.quad g + 0x10000000\\n.text\");",
     "", "outside the image"},
    {"data in the code", "void y(void) { asm(\"mov y(%rip), %eax\"); }", "", "access to data in"},
    {"store to the code", "void y(void) { asm(\"mov %eax, y(%rip)\"); }", "", "access to data in"},
    {"runs past the end", "asm(\".section .text.zz,\\\"ax\\\"\\n nop\\n.text\");", "-Wl,-z,now",
     "runs past the end"},
    {"truncated instruction", "asm(\".section .text.zz,\\\"ax\\\"\\n .byte 0xe9\\n.text\");",
     "-Wl,-z,now", "unknown instruction"},
};

static void refuse__linked_wrongly(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
    const struct wrong *w = &wrongs[i];
    char source[2048];
    snprintf(source, sizeof source, "%s%s\n", good, w->code);
    kit_write("wrong.c", source);
    assert_int_equal(
        kit_run("clang --target=x86_64-linux-gnu -O1 " CC_FLAGS
                " -nostdlib %s -fuse-ld=lld -Wl,-z,now,-z,relro %s wrong.c -o w.so",
                strstr(w->flags, "-pie") || strstr(w->flags, "-r") == w->flags ? "" : "-shared",
                w->flags),
        0);
    image so = kit_read("w.so");
    kit_refused(&so, w->name, w->text);
    free(so.bytes);
  }
}

/* One word each in an otherwise good aarch64 plugin. */
static const struct arm_case {
  const char *code, *text; /* text: what the refusal says, NULL if allowed */
} arm_cases[] = {
    {"svc #0", "system call"},
    {"hvc #1", "system call"},
    {"smc #2", "system call"},
    {"brk #0", "system call"},
    {"hlt #0", "system call"},
    {"eret", "exception return"},
    {"braaz x0", "authenticated branch"},
    {"mrs x0, tpidr_el0", "system register"},
    {"msr tpidr_el0, x0", "system register"},
    {"msr fpcr, x0", "system register"},
    {"msr daifset, #1", "system register"},
    {"mrs x0, cntvct_el0", "system register"},
    {"dc zva, x0", "system register"},
    {"ic ivau, x0", "system register"},
    {"isb", "system register"},
    {"wfi", "system register"},
    {"yield", "system register"},
    {"ldxr x0, [x1]", "exclusive"},
    {"stxr w2, x0, [x1]", "exclusive"},
    {"ldar x0, [x1]", "exclusive"},
    {"ldadd x0, x1, [x2]", "atomic"},
    {"swp x0, x1, [x2]", "atomic"},
    {"stg x0, [x1]", "memory tag"},
    {"addg x0, x1, #16, #1", "memory tag"},
    {"pacia x0, x1", "pointer authentication"},
    {"ldraa x0, [x1]", "pointer authentication"},
    {"ptrue p0.b", "unknown instruction"},
    {"b . + 0x100000", "branch out of .text"},
    {"bl . - 0x100000", "branch out of .text"},
    {"cbz x0, . + 0x80000", "branch out of .text"},
    {"tbz x0, #3, . + 0x4000", "branch out of .text"},
    {"b.eq . + 0x80000", "branch out of .text"},
    {".inst 0x02000000", "unknown instruction"},
    /* tags and authentication, wherever they are encoded */
    {"subg x0, x1, #16, #1", "memory tag"},
    {"irg x0, x1", "unknown instruction"},
    {"gmi x0, x1, x2", "unknown instruction"},
    {"subp x0, x1, x2", "unknown instruction"},
    {"subps x0, x1, x2", "unknown instruction"},
    {"ldg x0, [x1]", "memory tag"},
    {"st2g x0, [x1]", "memory tag"},
    {"stgp x0, x1, [x2]", "memory tag"},
    {"stgp x0, x1, [x2], #16", "memory tag"},
    {"pacga x0, x1, x2", "unknown instruction"},
    {"xpaci x0", "pointer authentication"},
    {"autia x0, x1", "pointer authentication"},
    {"paciasp", "system register"},
    {"autiasp", "system register"},
    {"xpaclri", "system register"},
    {"retaa", "authenticated branch"},
    {"blraaz x0", "authenticated branch"},
    {".inst 0xf380001f", "unknown instruction"}, /* autiasppc */
    {".inst 0x5500001f", "unknown instruction"}, /* retaasppc */
    /* memory in other ways than plain loads and stores */
    {"casp x0, x1, x2, x3, [x4]", "exclusive"},
    {"cas x0, x1, [x2]", "exclusive"},
    {"stllr x0, [x1]", "exclusive"},
    {"ldapr x0, [x1]", "atomic"},
    {"ldapur x0, [x1]", "ordered"},
    {"ld64b x0, [x1]", "atomic"},
    {"st64bv x2, x0, [x1]", "atomic"},
    {"cpyfp [x0]!, [x1]!, x2!", "ordered"},
    {"cpyp [x0]!, [x1]!, x2!", "memory copy"},
    {"setp [x0]!, x1!, x2", "ordered"},
    {"setgp [x0]!, x1!, x2", "memory copy"},
    {".inst 0x1d000820", "ordered"},             /* stlur b0, [x1] */
    {".inst 0x0d018420", "unknown instruction"}, /* stl1 {v0.d}[0], [x1] */
    {".inst 0x19221020", "ordered"},             /* ldclrp x0, x2, [x1] */
    {".inst 0x19220820", "ordered"},             /* rcwcas x2, x0, [x1] */
    {"ldtr x0, [x1]", "unprivileged"},
    {"sttrb w0, [x1]", "unprivileged"},
    {"ldr x0, . + 8", "access to data"},
    {"ldr q0, . + 8", "access to data"},
    {"ldrsw x0, . + 8", "access to data"},
    {"prfm pldl1keep, . + 8", "access to data"},
    /* addresses */
    {"adr x0, . + 2", "middle of an instruction"},
    {"adr x0, . - 1", "middle of an instruction"},
    {"adr x0, . + 0xff000", "address outside the image"},
    {"adr x0, . - 0xff000", "address outside the image"},
    {".inst 0xb07fffe0", "address outside the image"}, /* adrp x0, most */
    {".inst 0x90800000", "address outside the image"}, /* adrp x0, least */
    {".inst 0x90000800", "address outside the image"}, /* adrp x0, 256 pages on */
    {".inst 0x90fff800", "address outside the image"}, /* 256 pages back */
    /* the stack pointer and the way back */
    {"mov sp, x0", "stack pointer that can't be followed"},
    {"add sp, x3, #16", "stack pointer that can't be followed"},
    {"sub sp, x0, #16, lsl #12", "stack pointer that can't be followed"},
    {"add sp, sp, x0", "stack pointer that can't be followed"},
    {"sub sp, x1, w2, uxtw", "stack pointer that can't be followed"},
    {"and sp, x0, #0xfffffffffffffff0", "stack pointer that can't be followed"},
    {"orr sp, x0, #16", "stack pointer that can't be followed"},
    {"mov wsp, w0", "stack pointer that can't be followed"},
    {"add wsp, wsp, #16", "stack pointer that can't be followed"},
    {"ld1 {v0.16b}, [sp], x1", "stack pointer that can't be followed"},
    {"st4 {v0.2d-v3.2d}, [sp], x30", "stack pointer that can't be followed"},
    {"ld1 {v0.b}[3], [sp], x1", "stack pointer that can't be followed"},
    {"ld2r {v0.4s, v1.4s}, [sp], x0", "stack pointer that can't be followed"},
    {"ret x3", "return elsewhere than to the caller"},
    {"ret x29", "return elsewhere than to the caller"},
    /* system */
    {"drps", "exception return"},
    {"dcps1", "system call"},
    {"msr nzcv, x0", "system register"},
    {"msr tpidr2_el0, x0", "system register"},
    {"mrs x0, fpsr", "system register"},
    {"mrs x0, midr_el1", "system register"},
    {"mrs x0, rndr", "system register"},
    {"sys #0, c7, c5, #0, x0", "system register"},
    {"cfinv", "system register"},
    {"axflag", "system register"},
    {"clrex", "system register"},
    {"dsb sy", "system register"},
    {"sb", "system register"},
    {"csdb", "system register"},
    {"smstart", "system register"},
    {".inst 0x54000010", "unknown instruction"}, /* bc.eq . */
    {".inst 0x74000000", "unknown instruction"}, /* cbgt w0, w0, . */
    /* what clang does not emit for a plugin */
    {"rmif x0, #1, #2", "unknown instruction"},
    {"setf8 w0", "unknown instruction"},
    {"crc32b w0, w1, w2", "unknown instruction"},
    {".inst 0x11c00000", "minimum"},             /* smax w0, w0, #0 */
    {".inst 0x5ac01c00", "unknown instruction"}, /* cnt w0, w0 */
    {".inst 0x9a002000", "unknown instruction"}, /* addpt x0, x0, x0 */
    {".inst 0x9b600000", "unknown instruction"}, /* maddpt x0, x0, x0, x0 */
    {".inst 0xe9000000", "unknown instruction"}, /* sttp */
    {".inst 0xffffffff", "unknown instruction"},
    {".inst 0x80000000", "unknown instruction"}, /* SME */
    {".inst 0x25000000", "unknown instruction"}, /* SVE */
    {"nop", NULL},
    {"bti c", NULL},
    {"brk #1", NULL},
    {"udf #0", NULL},
    {"mrs x0, nzcv", NULL},
    {"br x3", NULL},
    {"blr x3", NULL},
    {"ret", NULL},
    {"b . - 8", NULL},
    {"bl . + 8", NULL},
    {"cbnz w3, . - 4", NULL},
    {"tbnz x3, #40, . + 4", NULL},
    {"b.ne . - 16", NULL},
    {"ldp q0, q1, [x3], #32", NULL},
    {"ldr x0, [x1, x2, lsl #3]", NULL},
    {"stur w0, [x1, #-5]", NULL},
    {"ld4 {v0.16b-v3.16b}, [x3], #64", NULL},
    {"adrp x0, .", NULL},
    {"madd x0, x1, x2, x3", NULL},
    {"fmla v0.4s, v1.4s, v2.4s", NULL},
    {"fcvtzu x0, d1", NULL},
    {"adr x0, . - 4", NULL},
    {"adr x0, . + 0x1000", NULL},
    {".inst 0xb0000000", NULL}, /* adrp x0, a page on */
    {".inst 0xf0ffffe0", NULL}, /* a page back */
    {"add sp, sp, #16", NULL},
    {"sub sp, sp, #3, lsl #12", NULL},
    {"mov sp, x29", NULL},
    {"sub sp, x29, #32", NULL},
    {"mov x29, sp", NULL},
    {"cmp sp, x0", NULL},
    {"tst x0, #15", NULL},
    {"stp x29, x30, [sp, #-16]!", NULL},
    {"ldp x29, x30, [sp], #16", NULL},
    {"ldpsw x0, x1, [x2]", NULL},
    {"ldnp x0, x1, [x2]", NULL},
    {"ldrsb w0, [x1], #1", NULL},
    {"str d0, [x1, w2, uxtw #3]", NULL},
    {"ld1r {v0.4s}, [x1]", NULL},
    {"st1 {v0.s}[1], [x1], x2", NULL},
    {"ld1 {v0.16b}, [x1], x2", NULL},
    {"ld1 {v0.16b}, [sp], #16", NULL},
    {"st2 {v0.b, v1.b}[3], [sp], #2", NULL},
    {"ld1 {v0.16b}, [sp]", NULL},
    {"adcs x0, x1, x2", NULL},
    {"sbc w0, w1, w2", NULL},
    {"ccmp x0, #3, #4, ne", NULL},
    {"ccmn w0, w1, #0, eq", NULL},
    {"csinv x0, x1, x2, lt", NULL},
    {"udiv w0, w1, w2", NULL},
    {"ror x0, x1, x2", NULL},
    {"rbit x0, x1", NULL},
    {"rev16 w0, w1", NULL},
    {"cls x0, x1", NULL},
    {"umaddl x0, w1, w2, x3", NULL},
    {"smsubl x0, w1, w2, x3", NULL},
    {"umulh x0, x1, x2", NULL},
    {"msub w0, w1, w2, w3", NULL},
    {"eon x0, x1, x2, lsr #3", NULL},
    {"add x0, x1, w2, sxtw #2", NULL},
    {"subs w0, w1, w2, asr #3", NULL},
    {"ubfx x0, x1, #3, #5", NULL},
    {"extr x0, x1, x2, #7", NULL},
    {"movk x0, #1, lsl #48", NULL},
};
#define ARM_CASES (sizeof arm_cases / sizeof *arm_cases)

/* The bytes of .text in an object file or plugin. */
static uint8_t *code_of(const image *i) {
  Elf64_Shdr *s = (Elf64_Shdr *)(i->bytes + kit_header(i)->e_shoff);
  while ((s->sh_flags & SHF_EXECINSTR) == 0 || s->sh_size == 0) {
    s++;
  }
  return i->bytes + s->sh_offset;
}

static void judge__aarch64(void **state) {
  (void)state;
  char source[16384] = "asm(\".text\\n";
  size_t wrong = 0;
  for (size_t i = 0; i < ARM_CASES; i++) {
    size_t used = strlen(source);
    snprintf(source + used, sizeof source - used, "%s\\n", arm_cases[i].code);
  }
  strcat(source, "\");\n");
  kit_write("codes.c", source);
  snprintf(source, sizeof source, "%sasm(\".text\\n.rept 64\\nnop\\n.endr\\nret\");", good);
  kit_write("arm.c", source);
  assert_int_equal(kit_run("clang --target=aarch64-linux-gnu "
                           "-march=armv8.7-a+sve+sme+memtag+mops+rng+pauth+ls64 -c codes.c"
                           " && clang --target=aarch64-linux-gnu -O1 " CC_FLAGS " " LINK_FLAGS
                           " arm.c -o arm.so"),
                   0);
  image codes = kit_read("codes.o"), plugin = kit_read("arm.so");
  kit_accepted(&plugin, "the plugin itself");
  for (size_t i = 0; i < ARM_CASES; i++) {
    hcc_linkcheck_report report;
    image so = kit_copy(&plugin);
    memcpy(code_of(&so) + 128, code_of(&codes) + 4 * i, 4);
    bool refused = hcc_linkcheck(&report, so.bytes, so.size) != 0;
    const char *text = arm_cases[i].text;
    if (refused != (text != NULL) || (refused && strstr(report.text, text) == NULL)) {
      print_message("%s: %s\n", arm_cases[i].code, refused ? report.text : "accepted");
      wrong++;
    }
    free(so.bytes);
  }
  assert_int_equal(wrong, 0);
  free(codes.bytes);
  free(plugin.bytes);
}

/* Changes of one field of the good image. h, p (see X), s, d, y (dynamic symbols), r (relocations)
 * are at hand. */
#define PATCHES(X)                                                                                 \
  X("magic", h->e_ident[0] = 0, "not a 64-bit")                                                    \
  X("class", h->e_ident[EI_CLASS] = ELFCLASS32, "not a 64-bit")                                    \
  X("byte order", h->e_ident[EI_DATA] = ELFDATA2MSB, "not a 64-bit")                               \
  X("ident version", h->e_ident[EI_VERSION] = 0, "not a 64-bit")                                   \
  X("gnu abi", h->e_ident[EI_OSABI] = ELFOSABI_GNU, "not a 64-bit")                                \
  X("ident padding", h->e_ident[15] = 1, "not a 64-bit")                                           \
  X("executable", h->e_type = ET_EXEC, "not a shared object")                                      \
  X("core", h->e_type = ET_CORE, "not a shared object")                                            \
  X("version", h->e_version = 2, "not a shared object")                                            \
  X("machine", h->e_machine = EM_RISCV, "machine 243")                                             \
  X("x86 code as aarch64", h->e_machine = EM_AARCH64, "")                                          \
  X("entry", h->e_entry = 0x1000, "entry point")                                                   \
  X("flags", h->e_flags = 1, "entry point or flags")                                               \
  X("header size", h->e_ehsize = 63, "wrong sizes")                                                \
  X("segment size", h->e_phentsize = 57, "wrong sizes")                                            \
  X("section size", h->e_shentsize = 0, "wrong sizes")                                             \
  X("section names", h->e_shstrndx = h->e_shnum, "wrong sizes")                                    \
  X("no sections", (h->e_shnum = 0, h->e_shstrndx = 0), "wrong sizes")                             \
  X("segments far away", h->e_phoff = UINT64_MAX - 8, "outside the file")                          \
  X("segments at the end", h->e_phoff = i.size - 8, "outside the file")                            \
  X("no segments", h->e_phnum = 0, "no segment of type 0x1")                                       \
  X("many segments", h->e_phnum = 65535, "segment")                                                \
  X("sections far away", h->e_shoff = UINT64_MAX - 8, "outside the file")                          \
  X("sections at the end", h->e_shoff = i.size - 8, "outside the file")                            \
  X("many sections", h->e_shnum = 65535, "outside the file")                                       \
  X("interpreter", kit_segment(&i, PT_GNU_STACK, 0)->p_type = PT_INTERP, "segment of type 0x3")    \
  X("tls", kit_segment(&i, PT_GNU_STACK, 0)->p_type = PT_TLS, "segment of type 0x7")               \
  X("unknown segment", kit_segment(&i, PT_PHDR, 0)->p_type = 0x70000001, "type 0x70000001")        \
  X("two dynamic", kit_segment(&i, PT_GNU_RELRO, 0)->p_type = PT_DYNAMIC, "type 0x2 not allowed")  \
  X("two relro", kit_segment(&i, PT_PHDR, 0)->p_type = PT_GNU_RELRO, "type 0x6474e552 not")        \
  X("stack", kit_segment(&i, PT_GNU_STACK, 0)->p_flags = 7, "executable stack")                    \
  X("writable code", text->p_flags = 7, "both writable and executable")                            \
  X("unreadable code", text->p_flags = PF_X, "unknown rights")                                     \
  X("unknown right", text->p_flags |= 0x100000, "unknown rights")                                  \
  X("code not executable", text->p_flags = PF_R, "no executable segment")                          \
  X("executable data", data->p_flags = PF_R | PF_X, "more than one executable")                    \
  X("executable headers", rodata->p_flags = PF_R | PF_X, "more than one executable")               \
  X("code not in the file", text->p_memsz += 8, "larger than its bytes")                           \
  X("segment past the file", text->p_filesz = i.size, "outside the file")                          \
  X("segment offset wraps", text->p_offset = UINT64_MAX - 15, "outside the file")                  \
  X("less memory than file", text->p_memsz = 1, "impossible size")                                 \
  X("address wraps", data->p_vaddr = UINT64_MAX - 4095, "impossible size or address")              \
  X("address too high", data->p_vaddr = UINT64_C(1) << 40, "impossible size or address")           \
  X("memory wraps", data->p_memsz = UINT64_MAX, "impossible size or address")                      \
  X("segments overlap", data->p_vaddr = text->p_vaddr, "overlap")                                  \
  X("segments out of order", rodata->p_vaddr = 0x100000, "overlap")                                \
  X("offset and address disagree", text->p_offset += 16, "does not fit its address")               \
  X("relro too small", relro->p_memsz -= 4096, "")                                                 \
  X("relro ends in a page", relro->p_memsz -= 8, "ends inside a page")                             \
  X("relro begins late", (relro->p_vaddr += 8, relro->p_memsz -= 8), "stays writable")             \
  X("data larger than relro", data->p_memsz = relro->p_memsz + 4096, "stays writable")             \
  X("dynamic elsewhere", kit_segment(&i, PT_DYNAMIC, 0)->p_offset -= 8, "not mapped")              \
  X("dynamic not mapped", kit_segment(&i, PT_DYNAMIC, 0)->p_vaddr = 0x100000, "not mapped")        \
  X("section type", kit_section(&i, SHT_HASH)->sh_type = SHT_INIT_ARRAY, "section of type 0xe")    \
  X("section group", kit_section(&i, SHT_HASH)->sh_type = SHT_GROUP, "section of type 0x11")       \
  X("tls section", kit_section(&i, SHT_HASH)->sh_flags |= SHF_TLS, "not allowed")                  \
  X("section past the file", kit_section(&i, SHT_SYMTAB)->sh_size = i.size, "outside the file")    \
  X("section moved", kit_section(&i, SHT_DYNSYM)->sh_offset += 8, "not the one its segment maps")  \
  X("section elsewhere", kit_section(&i, SHT_DYNSYM)->sh_addr = 0x100000, "outside every segment") \
  X("writable section", kit_section(&i, SHT_DYNSYM)->sh_flags |= SHF_WRITE, "rights differ")       \
  X("executable section", kit_section(&i, SHT_DYNSYM)->sh_flags |= SHF_EXECINSTR, "rights differ") \
  X("symbol size", kit_section(&i, SHT_DYNSYM)->sh_entsize = 16, "misshapen table")                \
  X("part of a symbol", kit_section(&i, SHT_DYNSYM)->sh_size -= 1, "misshapen table")              \
  X("no dynamic symbols", kit_section(&i, SHT_DYNSYM)->sh_type = SHT_PROGBITS, "no dynamic")       \
  X("symbols' names", kit_section(&i, SHT_DYNSYM)->sh_link = 65535, "no dynamic symbols")          \
  X("names of another kind", kit_section(&i, SHT_DYNSYM)->sh_link = 0, "without names")            \
  X("second relocations", kit_section(&i, SHT_HASH)->sh_type = SHT_RELA, "misshapen table")        \
  X("tag", kit_dynamic(&i, DT_RELACOUNT)->d_tag = DT_NEEDED, "dynamic entry 0x1 is not allowed")   \
  X("audit", kit_dynamic(&i, DT_RELACOUNT)->d_tag = DT_AUDIT, "is not allowed")                    \
  X("lazy relocations", kit_dynamic(&i, DT_RELACOUNT)->d_tag = DT_JMPREL, "0x17 is not allowed")   \
  X("old relocations", kit_dynamic(&i, DT_RELACOUNT)->d_tag = DT_REL, "0x11 is not allowed")       \
  X("twice", kit_dynamic(&i, DT_RELACOUNT)->d_tag = DT_SYMTAB, "0x6 is wrong or there twice")      \
  X("symbol table", kit_dynamic(&i, DT_SYMTAB)->d_un.d_val += 24, "0x6 is wrong")                  \
  X("string table", kit_dynamic(&i, DT_STRTAB)->d_un.d_val = 0, "0x5 is wrong")                    \
  X("string size", kit_dynamic(&i, DT_STRSZ)->d_un.d_val++, "0xa is wrong")                        \
  X("relocation table", kit_dynamic(&i, DT_RELA)->d_un.d_val += 24, "0x7 is wrong")                \
  X("relocation bytes", kit_dynamic(&i, DT_RELASZ)->d_un.d_val += 24, "0x8 is wrong")              \
  X("relocation size", kit_dynamic(&i, DT_RELAENT)->d_un.d_val = 16, "0x9 is wrong")               \
  X("hash elsewhere", kit_dynamic(&i, DT_GNU_HASH)->d_un.d_val = 0x100000, "is wrong")             \
  X("text relocations", kit_dynamic(&i, DT_FLAGS)->d_un.d_val |= DF_TEXTREL, "0x1e is wrong")      \
  X("static tls", kit_dynamic(&i, DT_FLAGS)->d_un.d_val |= DF_STATIC_TLS, "0x1e is wrong")         \
  X("missing", kit_dynamic(&i, DT_SYMENT)->d_tag = DT_SYMBOLIC, "0x10 is wrong")                   \
  X("early end", kit_dynamic(&i, DT_SYMTAB)->d_tag = DT_NULL, "is missing")                        \
  X("no end", kit_segment(&i, PT_DYNAMIC, 0)->p_filesz -= 16, "without an end")                    \
  X("first symbol", y[0].st_size = 1, "first dynamic symbol")                                      \
  X("undefined", y[1].st_shndx = SHN_UNDEF, "undefined symbol")                                    \
  X("absolute", y[1].st_shndx = SHN_ABS, "not a plain global")                                     \
  X("function", y[1].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), "not a plain global")          \
  X("weak", y[1].st_info = ELF64_ST_INFO(STB_WEAK, STT_OBJECT), "not a plain global")              \
  X("local", y[1].st_info = ELF64_ST_INFO(STB_LOCAL, STT_OBJECT), "not a plain global")            \
  X("chosen", y[1].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC), "chosen at load time")      \
  X("thread", y[1].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_TLS), "thread-local")                   \
  X("hidden", y[1].st_other = STV_HIDDEN, "not a plain global")                                    \
  X("in the code", y[1].st_value = text->p_vaddr, "does not lie in data")                          \
  X("nowhere", y[1].st_value = 0x100000, "does not lie in data")                                   \
  X("too large", y[1].st_size = UINT64_MAX, "does not lie in data")                                \
  X("too small", y[1].st_size = 7, "does not lie in data")                                         \
  X("no name", y[1].st_name = 0, "not helios_plugin")                                              \
  X("name outside", y[1].st_name = 0xfffffff0, "not helios_plugin")                                \
  X("local chosen", l[1].st_info = ELF64_ST_INFO(STB_LOCAL, STT_GNU_IFUNC), "chosen at load time") \
  X("symbolic relocation", r[0].r_info = ELF64_R_INFO(1, R_X86_64_64), "relocation of type")       \
  X("chosen relocation", r[0].r_info = R_X86_64_IRELATIVE, "relocation of type 0x25")              \
  X("relocation with symbol", r[0].r_info = ELF64_R_INFO(1, R_X86_64_RELATIVE), "of type")         \
  X("aarch64 relocation", r[0].r_info = R_AARCH64_RELATIVE, "relocation of type 0x403")            \
  X("relocated code", r[0].r_offset = (text->p_vaddr + 7) & ~UINT64_C(7), "not data")              \
  X("relocated constant", r[0].r_offset = 0x200, "not data")                                       \
  X("relocated dynamic", r[0].r_offset = kit_segment(&i, PT_DYNAMIC, 0)->p_vaddr, "not data")      \
  X("relocated nowhere", r[0].r_offset = UINT64_MAX - 7, "not data")                               \
  X("relocated past the end", r[0].r_offset = data->p_vaddr + data->p_filesz, "not data")          \
  X("relocated askew", r[0].r_offset += 1, "not data")                                             \
  X("negative addend", r[0].r_addend = -8, "outside the image")                                    \
  X("large addend", r[0].r_addend = INT64_MAX, "outside the image")                                \
  X("addend in an instruction", pointer(&i)->r_addend += 1, "middle of an instruction")            \
  X("relocated twice", r[1].r_offset = r[0].r_offset, "out of order, or of one word twice")        \
  X("relocated out of order", r[0].r_offset = r[1].r_offset + 8, "out of order, or of one word")   \
  X("relocated count", word(&i, 48)->r_offset -= 8, "relocation of a number of helios_plugin")     \
  X("relocated size", word(&i, 72)->r_offset += 8, "relocation of a number of helios_plugin")      \
  X("relocated hash", word(&i, 120)->r_offset -= 8, "relocation of a number of helios_plugin")     \
  X("symbols not in the file", rodata->p_filesz = kit_section(&i, SHT_DYNSYM)->sh_addr,            \
    "section outside every segment")                                                               \
  X("memory far away", plugin(&i)->memory_offset = 1u << 21, "impossible sizes")                   \
  X("plugin askew", y[1].st_value -= 4, "misaligned")                                              \
  X("plugin too small", y[1].st_size = 135, "helios_plugin is too small")                          \
  X("instance too large", plugin(&i)->instance_size = 1u << 21, "impossible sizes")                \
  X("imports too many", plugin(&i)->import_count = 1u << 21, "impossible sizes")

/* The first relocation that points into code. */
static Elf64_Rela *pointer(const image *i) {
  Elf64_Rela *r = (Elf64_Rela *)(i->bytes + kit_section(i, SHT_RELA)->sh_offset);
  const Elf64_Phdr *text = kit_segment(i, PT_LOAD, PF_R | PF_X);
  while ((uint64_t)r->r_addend - text->p_vaddr >= text->p_memsz) {
    r++;
  }
  return r;
}

/* The relocation of the word at that place of helios_plugin. */
static Elf64_Rela *word(const image *i, uint64_t place) {
  const Elf64_Sym *y = (Elf64_Sym *)(i->bytes + kit_section(i, SHT_DYNSYM)->sh_offset);
  Elf64_Rela *r = (Elf64_Rela *)(i->bytes + kit_section(i, SHT_RELA)->sh_offset);
  while (r->r_offset != y[1].st_value + place) {
    r++;
  }
  return r;
}

static struct helios_plugin *plugin(const image *i) {
  const Elf64_Sym *y = (Elf64_Sym *)(i->bytes + kit_section(i, SHT_DYNSYM)->sh_offset);
  const Elf64_Phdr *data = kit_segment(i, PT_LOAD, PF_R | PF_W);
  return (struct helios_plugin *)(i->bytes + data->p_offset + (y[1].st_value - data->p_vaddr));
}

static void refuse__patched(void **state) {
  (void)state;
  size_t count = 0;
#define X(name, change, expected)                                                                  \
  {                                                                                                \
    image i = kit_copy(&good_image);                                                               \
    Elf64_Ehdr *h = kit_header(&i);                                                                \
    Elf64_Phdr *text = kit_segment(&i, PT_LOAD, PF_R | PF_X);                                      \
    Elf64_Phdr *data = kit_segment(&i, PT_LOAD, PF_R | PF_W);                                      \
    Elf64_Phdr *rodata = kit_segment(&i, PT_LOAD, PF_R);                                           \
    Elf64_Phdr *relro = kit_segment(&i, PT_GNU_RELRO, 0);                                          \
    Elf64_Sym *y = (Elf64_Sym *)(i.bytes + kit_section(&i, SHT_DYNSYM)->sh_offset);                \
    Elf64_Sym *l = (Elf64_Sym *)(i.bytes + kit_section(&i, SHT_SYMTAB)->sh_offset);                \
    Elf64_Rela *r = (Elf64_Rela *)(i.bytes + kit_section(&i, SHT_RELA)->sh_offset);                \
    (void)h, (void)text, (void)data, (void)rodata, (void)relro, (void)y, (void)l, (void)r;         \
    change;                                                                                        \
    kit_refused(&i, name, expected);                                                               \
    free(i.bytes);                                                                                 \
    count++;                                                                                       \
  }
  PATCHES(X)
#undef X
  assert_true(count > 100);
}

static void refuse__truncated(void **state) {
  (void)state;
  for (size_t n = 0; n < good_image.size; n++) {
    image i = {malloc(n + 1), n}; /* its own block, so that a read past the end is seen */
    memcpy(i.bytes, good_image.bytes, n);
    hcc_linkcheck_report report;
    assert_int_equal(hcc_linkcheck(&report, i.bytes, n), 1);
    assert_true(report.text[0] != '\0');
    free(i.bytes);
  }
}

/* Whatever byte changes, an accepted image has no bad report and a refused one has a reason. */
static void any__one_byte(void **state) {
  (void)state;
  for (size_t at = 0; at < good_image.size; at++) {
    static const uint8_t flips[] = {0x01, 0x80, 0xff};
    for (size_t f = 0; f < sizeof flips; f++) {
      image i = kit_copy(&good_image);
      hcc_linkcheck_report report;
      i.bytes[at] ^= flips[f];
      int refused = hcc_linkcheck(&report, i.bytes, i.size);
      assert_int_equal(refused, report.text[0] != '\0');
      free(i.bytes);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(accept__compiled),       cmocka_unit_test(accept__counts),
      cmocka_unit_test(refuse__linked_wrongly), cmocka_unit_test(judge__aarch64),
      cmocka_unit_test(refuse__patched),        cmocka_unit_test(refuse__truncated),
      cmocka_unit_test(any__one_byte),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
