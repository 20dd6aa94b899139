/* cpu.c - see cpu.h. Levels of x86-64: System V psABI, table 3.1, by the features that clang uses
 * of each. */
#include "registry/cpu.h"

#include <string.h>

#include "hsb_file.h"
#include "registry/json.h"

#define INFO_MAX (4u << 20)

#if defined(__x86_64__)
static bool level(int wanted) {
  __builtin_cpu_init();
  bool v2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("ssse3") &&
            __builtin_cpu_supports("popcnt");
  bool v3 = v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
            __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
  bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl");
  return wanted == 2 ? v2 : wanted == 3 ? v3 : v4;
}
#endif

bool hrt_cpu_runs(const char *target) {
#if defined(__x86_64__)
  static const char family[] = "x86_64";
#elif defined(__aarch64__)
  static const char family[] = "aarch64";
#endif
  if (strcmp(target, "native") == 0 || strcmp(target, family) == 0) {
    return true;
  }
#if defined(__x86_64__)
  size_t n = strlen("x86_64_v");
  return strncmp(target, "x86_64_v", n) == 0 && target[n] >= '2' && target[n] <= '4' &&
         target[n + 1] == 0 && level(target[n] - '0');
#else
  return false;
#endif
}

int hrt_cpu_check(const hrt_plugin *plugin, helios_error *err) {
  char shown[HRT_ESCAPED];
  size_t size = 0;
  const char *text = hrt_plugin_section(plugin, HSB_SECTION_INFO, &size);
  cJSON *info = NULL;
  int status = text && size <= INFO_MAX ? hrt_json_parse(&info, text, size, err) : 0;
  if (status != 0) {
    return status;
  }
  const cJSON *target = cJSON_GetObjectItemCaseSensitive(info, "target");
  if (!cJSON_IsString(target)) {
    status = hrt_fail(err, HELIOS_E_PLUGIN, "the plugin does not say what machine it is for");
  } else if (strcmp(target->valuestring, "native") == 0 && !hrt_plugin_voucher(plugin)->sealed) {
    status = hrt_fail(err, HELIOS_E_PLUGIN,
                      "the plugin was built for the processor of the machine that made it");
    hrt_hint(err, "build it with --target=x86_64 before it is signed");
  } else if (!hrt_cpu_runs(target->valuestring)) {
    hrt_escape(shown, target->valuestring, strlen(target->valuestring));
    status = hrt_fail(err, HELIOS_E_PLUGIN,
                      "the plugin was built for %s, which this machine is not", shown);
    hrt_hint(err, "build it again here, or with --target=x86_64");
  }
  cJSON_Delete(info);
  return status;
}
