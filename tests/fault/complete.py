#!/usr/bin/env python3
"""complete.py - does faults.def know every libc function that the libraries call and that can fail?

usage: complete.py faults.def LIBRARY.a ...
Each symbol that a library imports is in faults.def, or of a library with hooks of its own, or in INFALLIBLE below.
"""
import re
import subprocess
import sys
from pathlib import Path

HOOKED = re.compile(r"sqlite3_|cJSON_|CRYPTO_|EVP_|HMAC$|SHA256$|RAND_|ERR_|hrt_|hcc_|hcl_|hsb_|helios_|_|cmocka")
# They can't fail, or only by a bug of ours, or their failure is what they are asked for (a look at the environment).
INFALLIBLE = set("""
    bcmp bsearch globfree memrchr clock_gettime close_range dirfd dladdr environ explicit_bzero free getenv getpid getppid geteuid gmtime_r isatty
    kill localeconv memchr memcmp memcpy memmem memmove memset munmap nanosleep prctl pthread_attr_destroy
    pthread_attr_getstack pthread_cond_destroy pthread_cond_init pthread_cond_signal pthread_cond_timedwait
    pthread_condattr_destroy pthread_condattr_init pthread_condattr_setclock pthread_join pthread_mutex_destroy
    pthread_mutex_init pthread_mutex_lock pthread_mutex_unlock pthread_self pthread_sigmask qsort raise secure_getenv
    posix_spawn_file_actions_destroy posix_spawnattr_destroy posix_spawnattr_setflags posix_spawnattr_setsigmask
    sigaddset sigemptyset sigfillset sigismember sigpending sigprocmask sigtimedwait inet_pton snprintf stpcpy strcasecmp strchr strchrnul strcmp strcspn strerror
    strerrordesc_np strerrorname_np strftime strlen strncasecmp strncat strncmp strnlen strpbrk strrchr strspn strstr
    strtod strtok_r strtol strtoll strtoul strtoull syscall sysconf umask vsnprintf
    stderr stdout dprintf ferror fflush fprintf fputc fputs ftell fwrite printf vfprintf""".split())
# syscall: Landlock, seccomp's questions: where the kernel lacks them the build goes on without. stdio: the programs'
# own output, none of a library's results.


def main():
    known = set(re.findall(r"^FAULT\w*\([^,]*, (\w+),", Path(sys.argv[1]).read_text(), re.M))
    missing = set()
    for library in sys.argv[2:]:
        out = subprocess.run(["nm", "-u", library], text=True, capture_output=True, check=True).stdout
        for name in re.findall(r"^ +U (\w+)", out, re.M):
            if name not in known and name not in INFALLIBLE and not HOOKED.match(name):
                missing.add(f"{name} ({Path(library).name})")
    for name in sorted(missing):
        print(f"neither in faults.def nor known to be infallible: {name}")
    return 1 if missing else 0


sys.exit(main())
