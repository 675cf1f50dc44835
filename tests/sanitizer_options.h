/*
 * Where a program's sanitizer reports go when its stderr is /dev/null, as a helper's is: into a
 * folder that the test stage makes, and that the tests look into after each run (any report fails
 * them). Included once by a program; sanitizer_options.c is that inclusion for the sanitized helper
 * and fetcher. Leaks cannot be looked for there: LeakSanitizer traces its own process, which one
 * that is not dumpable forbids.
 */
#ifndef SSMENV_TESTS_SANITIZER_OPTIONS_H
#define SSMENV_TESTS_SANITIZER_OPTIONS_H

#define SANITIZER_LOG "/mnt/ssmenv/log/sanitizer"

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

__attribute__((visibility("default"), used)) const char *__asan_default_options(void)
{
    return "detect_leaks=0:log_path=" SANITIZER_LOG;
}

__attribute__((visibility("default"), used)) const char *__ubsan_default_options(void)
{
    return "print_stacktrace=1:log_path=" SANITIZER_LOG;
}

#endif
