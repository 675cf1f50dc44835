# pam_ssmenv. The targets people use: all, deps, demo, check, bench, bench-fleet, install, uninstall, fuzz, clean. One
# file for everything; sources are found by folder, all output goes below $(BUILD).
#
#   make install PREFIX=/opt/x BUILD=build/x     a second copy that runs from /opt/x
#   make SANITIZE=1 BUILD=build/sanitized        with AddressSanitizer and UBSan
#   make V=1                                     shows each command

VERSION      = 0.1.0
BUILD       ?= build
PREFIX      ?= /usr
HELPER_USER ?= _ssmenv
DESTDIR     ?=
SANITIZE    ?=

CC        ?= cc
PKGCONFIG ?= pkg-config
PROVE     ?= prove
INSTALL   ?= install

comma := ,
JOBS  ?= $(shell nproc 2>/dev/null || echo 1)
run    = $(if $(V),,@printf '  %-4s %s\n' $(1) $@;)

# A copy below the system's own prefix uses the system's folders, any other copy keeps to itself.
ifeq ($(PREFIX),/usr)
SYSTEM_SECUREDIRS = /usr/lib/$(shell $(CC) -print-multiarch 2>/dev/null)/security \
                    /usr/lib64/security /usr/lib/security
SECUREDIR  ?= $(firstword $(wildcard $(SYSTEM_SECUREDIRS)) /usr/lib/security)
SYSCONFDIR ?= /etc
RUNDIR     ?= /run/ssmenv
else
SECUREDIR  ?= $(PREFIX)/lib/security
SYSCONFDIR ?= $(PREFIX)/etc
RUNDIR     ?= $(PREFIX)/run
endif
LIBEXECDIR ?= $(PREFIX)/libexec/ssmenv
SBINDIR    ?= $(PREFIX)/sbin
MANDIR     ?= $(PREFIX)/share/man
CONFDIR     = $(SYSCONFDIR)/ssmenv

# --- flags -------------------------------------------------------------------------------------

links = $(shell echo 'int main(void) { return 0; }' | $(1) -x c -o /dev/null - >/dev/null 2>&1 && echo yes)
probe = $(shell $(CC) -Werror $(1) -x c -c -o /dev/null /dev/null >/dev/null 2>&1 && echo '$(1)')

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wformat=2 -Wstrict-prototypes \
            -Wmissing-prototypes -Wnull-dereference -Wcast-qual -Wwrite-strings -Wpointer-arith \
            -Wundef -Wvla $(call probe,-Wlogical-op) $(call probe,-Wduplicated-cond)
ifdef SANITIZE
HARDENING := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPTIMISE  ?= -O1
LDHARDEN  := -fsanitize=address,undefined
else
HARDENING := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(if $(call probe,-D_FORTIFY_SOURCE=3 -O2),3,2) \
             -fstack-protector-strong \
             $(call probe,-fstack-clash-protection) $(call probe,-fcf-protection) \
             $(call probe,-mbranch-protection=standard) \
             $(call probe,-ftrivial-auto-var-init=zero) \
             $(call probe,-fzero-call-used-regs=used-gpr)
OPTIMISE  ?= -O2
LDHARDEN  :=
endif

CPPFLAGS += -D_GNU_SOURCE -Iinclude -Ihelper -iquote pam_module -Itests -I$(BUILD)
CFLAGS   += -std=c17 -g $(OPTIMISE) -fPIC -fvisibility=hidden $(WARNINGS) $(HARDENING)
LDFLAGS  += -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed $(LDHARDEN)
PIE       = -pie
# The helper is most of what a login costs, and its dynamic loader was a third of that; the start of a static
# glibc is another third. So it is linked with musl where that is installed. MUSL_CC= links it with the system's C
# library, with STATIC= it is built like the others; so it is where the C library cannot be linked statically.
ifeq ($(origin MUSL_CC),undefined)
MUSL_CC  := $(if $(SANITIZE),,$(if $(call links,musl-gcc -static),musl-gcc))
endif
ifeq ($(origin STATIC),undefined)
STATIC   := $(if $(SANITIZE)$(MUSL_CC),,$(if $(call links,$(CC) -fPIE -static-pie),-static-pie))
endif
HELPERS_LIBC = $(if $(MUSL_CC),musl,$(if $(STATIC),static,shared))
MUSL_DIR  = $(dir $(filter %/crti.o,$(shell $(MUSL_CC) -static -x c /dev/null -\#\#\# 2>&1)))
# musl-gcc itself knows no -static-pie.
MUSL_LINK = -static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text,--fatal-warnings
FETCH_LIBS = $(shell $(PKGCONFIG) --libs libcurl libcrypto libcjson)

# --- sources -----------------------------------------------------------------------------------

MODULE_SOURCES = $(wildcard pam_module/*.c)
LOGIN_SOURCES  = $(wildcard helper/login*.c)
HELPER_SOURCES = helper/ssmenv-helper.c $(LOGIN_SOURCES) $(wildcard helper/common/*.c helper/config/*.c helper/cache/*.c)
MUSL_SOURCES   = $(wildcard helper/musl/*.c) $(filter-out helper/common/heap.c,$(HELPER_SOURCES))
GROUPS_SOURCES = helper/ssmenv-groups.c helper/config/pattern.c $(wildcard helper/common/*.c)
FETCH_SOURCES  = helper/ssmenv-fetch.c $(wildcard helper/common/*.c helper/aws/*.c)
COMMAND_SOURCES = helper/ssmenv.c $(LOGIN_SOURCES) \
                 $(wildcard helper/cli/*.c helper/cli/*/*.c helper/common/*.c helper/config/*.c helper/cache/*.c helper/aws/*.c)
LIBRARY_SOURCES = $(filter-out helper/ssmenv-% helper/ssmenv.c,$(sort $(MODULE_SOURCES) $(HELPER_SOURCES) $(GROUPS_SOURCES) $(FETCH_SOURCES) $(COMMAND_SOURCES)))
TEST_SOURCES   = $(wildcard tests/unit/*.c tests/module/*.c tests/interop/*.c tests/e2e/*.c tests/bench/*.c)

object   = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
musl_object = $(patsubst %.c,$(BUILD)/obj/musl/%.o,$(1))
# A helper's stderr is /dev/null: its sanitized copy reports into a folder that the tests look into.
REPORTING = $(if $(SANITIZE),$(call object,tests/sanitizer_options.c))
LIBEXECS = ssmenv-helper ssmenv-groups ssmenv-fetch
PROGRAMS = $(BUILD)/pam_ssmenv.so $(addprefix $(BUILD)/,$(LIBEXECS)) $(BUILD)/ssmenv
TEST_PROGRAMS = $(patsubst %.c,$(BUILD)/tests/%,$(notdir $(TEST_SOURCES)))

.PHONY: all programs test-programs deps demo check bench bench-fleet fuzz install uninstall clean format tidy fuzzed-library FORCE
.SECONDARY:
.DELETE_ON_ERROR:

all: programs
programs: $(PROGRAMS)
test-programs: $(TEST_PROGRAMS)

# --- building ----------------------------------------------------------------------------------

define PATHS_H
#define PATH_HELPER "$(LIBEXECDIR)/ssmenv-helper"
#define PATH_MODULE "$(SECUREDIR)/pam_ssmenv.so"
#define PATH_CONFIG "$(CONFDIR)/ssmenv.conf"
#define PATH_DISABLED "$(CONFDIR)/disabled"
#define PATH_CREDENTIALS "$(CONFDIR)/credentials"
#define PATH_AWS_CONFIG "$(CONFDIR)/config"
#define PATH_RUNDIR "$(RUNDIR)"
#define HELPER_USER "$(HELPER_USER)"
#define SSMENV_VERSION "$(VERSION)"
endef
export PATHS_H

$(BUILD)/paths.h: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$PATHS_H" | cmp -s - $@ || printf '%s\n' "$$PATHS_H" >$@

# Those that include paths.h depend on it by their .d files, so that another PREFIX builds only them anew.
$(BUILD)/obj/%.o: %.c Makefile | $(BUILD)/paths.h
	@mkdir -p $(@D)
	$(call run,CC)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/musl/%.o: %.c Makefile | $(BUILD)/paths.h
	@mkdir -p $(@D)
	$(call run,CC)$(MUSL_CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# What a program may link is part of its security: see README, "Security".
needed = readelf -d $(1) | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vx 'ld-linux.*'
define check_needed
@$(if $(SANITIZE),:,for library in $$($(needed)); do case " $(2) " in (*" $$library "*) ;; \
  (*) echo "$(1) links $$library; allowed: $(2)" >&2; rm -f $(1); exit 1;; esac; done)
endef
define check_exports
@found=$$(nm -D --defined-only $(1) | awk '{print $$3}' | sed 's/@.*//' | grep -v '^PAM_SSMENV' | sort | tr '\n' ' '); \
 [ "$$found" = "pam_sm_close_session pam_sm_open_session " ] || $(if $(SANITIZE),:,{ \
 echo "$(1) exports: $$found" >&2; rm -f $(1); exit 1; })
endef

$(BUILD)/pam_ssmenv.so: $(call object,$(MODULE_SOURCES)) pam_module/pam_ssmenv.map
	$(call run,LD)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,--version-script=pam_module/pam_ssmenv.map \
	  $(if $(SANITIZE),,-Wl,--no-undefined) -o $@ $(filter %.o,$^) -lpam
	$(call check_needed,$@,libpam.so.0 libc.so.6)
	$(call check_exports,$@)

# Another library links the helper anew.
$(BUILD)/helpers-libc: FORCE
	@mkdir -p $(@D)
	@echo $(HELPERS_LIBC) | cmp -s - $@ || echo $(HELPERS_LIBC) >$@

$(BUILD)/ssmenv-helper: $(BUILD)/helpers-libc
ifneq ($(MUSL_CC),)
$(BUILD)/ssmenv-helper: $(call musl_object,$(MUSL_SOURCES))
	$(call run,LD)$(MUSL_CC) $(CFLAGS) $(LDFLAGS) $(MUSL_LINK) -o $@ $(MUSL_DIR)rcrt1.o $(MUSL_DIR)crti.o $(filter %.o,$^) $(MUSL_DIR)crtn.o
	$(call check_needed,$@,)
else
# The linker's warning names a function that would load a library at run time, which is fatal here.
$(BUILD)/ssmenv-helper: $(call object,$(HELPER_SOURCES)) $(REPORTING)
	$(call run,LD)$(CC) $(CFLAGS) $(LDFLAGS) $(if $(STATIC),$(STATIC) -Wl$(comma)--fatal-warnings,$(PIE)) -o $@ $(filter %.o,$^)
	$(call check_needed,$@,$(if $(STATIC),,libc.so.6))
endif

$(BUILD)/ssmenv-groups: $(call object,$(GROUPS_SOURCES)) $(REPORTING)
	$(call run,LD)$(CC) $(CFLAGS) $(LDFLAGS) $(PIE) -o $@ $^
	$(call check_needed,$@,libc.so.6)

$(BUILD)/ssmenv-fetch: $(call object,$(FETCH_SOURCES)) $(REPORTING)
	$(call run,LD)$(CC) $(CFLAGS) $(LDFLAGS) $(PIE) -o $@ $^ $(FETCH_LIBS)
	$(call check_needed,$@,libcurl.so.4 libcrypto.so.3 libcrypto.so.1.1 libcjson.so.1 libc.so.6)

$(BUILD)/ssmenv: $(call object,$(COMMAND_SOURCES)) $(REPORTING)
	$(call run,LD)$(CC) $(CFLAGS) $(LDFLAGS) $(PIE) -o $@ $^ $(FETCH_LIBS)
	$(call check_needed,$@,libcurl.so.4 libcrypto.so.3 libcrypto.so.1.1 libcjson.so.1 libc.so.6)

$(BUILD)/libssmenv.a: $(call object,$(LIBRARY_SOURCES))
	$(call run,AR)rm -f $@ && ar rcs $@ $^

define test_program
$(BUILD)/tests/$(notdir $(1:.c=)): $(BUILD)/obj/$(1:.c=.o) $(BUILD)/libssmenv.a
	@mkdir -p $$(@D)
	$$(call run,LD)$$(CC) $$(CFLAGS) $$(LDFLAGS) $$(PIE) -o $$@ $$^ -lpam $$(FETCH_LIBS)
endef
$(foreach source,$(TEST_SOURCES),$(eval $(call test_program,$(source))))

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# --- testing -----------------------------------------------------------------------------------

TEST_PREFIX = /mnt/ssmenv
SANITIZED   = $(MAKE) --no-print-directory -j$(JOBS) BUILD=build/sanitized SANITIZE=1 PREFIX=$(TEST_PREFIX)
RELOCATED   = $(MAKE) --no-print-directory -j$(JOBS) BUILD=build/relocated PREFIX=$(TEST_PREFIX)
TEST_SCRIPTS = $(wildcard tests/unit/*.t tests/module/*.t tests/interop/*.t tests/e2e/*.t tests/bench/*.t)

deps:
	@tests/deps

check: deps
	$(MAKE) --no-print-directory -j$(JOBS) programs build/tests/sigv4-suite
	$(MAKE) --no-print-directory -j$(JOBS) CC=clang MUSL_CC= BUILD=build/clang programs
	$(SANITIZED) programs test-programs
	$(RELOCATED) programs $(BENCH_PROGRAMS)
	$(PROVE) --exec '' --timer --jobs $(JOBS) $(patsubst %.c,build/sanitized/tests/%,$(notdir $(filter %_test.c,$(TEST_SOURCES)))) \
	  $(TEST_SCRIPTS)

# Not part of check: what it costs, as figures of this machine. Writes tests/bench/RESULTS.md and plots.
BENCH_PROGRAMS = $(patsubst %.c,build/relocated/tests/%,$(notdir $(wildcard tests/bench/*.c)))
bench: deps
	$(RELOCATED) programs $(BENCH_PROGRAMS)
	@tests/bench/measure

# Fleets of up to 100,000 hosts, on paper time. Writes tests/bench/FLEET.md and a plot.
bench-fleet: deps
	$(RELOCATED) build/relocated/tests/bench-fleet
	@tests/bench/fleet build/relocated/tests/bench-fleet

# Not part of check: as long as you like, for example make fuzz FUZZ_SECONDS=3600.
FUZZ_SECONDS ?= 60
fuzz: $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
	for program in $^; do mkdir -p $$program.corpus && \
	  $$program -max_total_time=$(FUZZ_SECONDS) -timeout=5 -artifact_prefix=$$program. $$program.corpus || exit 1; done

build/fuzz/%: tests/fuzz/%.c fuzzed-library
	@mkdir -p $(@D)
	clang $(CPPFLAGS) -std=c17 -g -O1 -fsanitize=fuzzer,address,undefined -o $@ \
	  $< build/fuzzed/libssmenv.a -lpam $(FETCH_LIBS)

# All that may be fuzzed, so that the fuzzer sees which ways it takes.
fuzzed-library: $(BUILD)/paths.h
	CFLAGS=-fsanitize=fuzzer-no-link $(MAKE) --no-print-directory -j$(JOBS) CC=clang BUILD=build/fuzzed \
	  SANITIZE=1 build/fuzzed/libssmenv.a

demo: deps
	@echo "Building …"
	@$(RELOCATED) -s programs
	@tests/e2e/demo

# --- installing --------------------------------------------------------------------------------

DATADIR     ?= $(PREFIX)/share
DOCDIR      ?= $(DATADIR)/doc/pam_ssmenv
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
UNITDIR     ?= $(PREFIX)/lib/systemd/system
BASHCOMPDIR ?= $(DATADIR)/bash-completion/completions
# Debian's zsh looks into another folder below /usr than everybody else's.
ZSHCOMPDIR  ?= $(or $(wildcard $(filter /usr,$(PREFIX))/share/zsh/vendor-completions),$(DATADIR)/zsh/site-functions)
COMPLETIONS  = $(BUILD)/completions/ssmenv $(BUILD)/completions/_ssmenv
EXAMPLES     = $(wildcard config/ssmenv.conf config/pam.d/*.example)
MANUALS      = $(wildcard pam_module/*.[1-8] helper/*/*.[1-8])
TEMPLATES    = $(BUILD)/config/sysusers.d/ssmenv.conf $(BUILD)/config/tmpfiles.d/ssmenv.conf \
               $(BUILD)/config/systemd/ssmenv-refresh.service
UNITS        = $(BUILD)/config/systemd/ssmenv-refresh.service config/systemd/ssmenv-refresh.timer

$(TEMPLATES): $(BUILD)/config/%: config/%.in $(BUILD)/paths.h Makefile
	@mkdir -p $(@D)
	@sed -e 's|@HELPER_USER@|$(HELPER_USER)|g' -e 's|@RUNDIR@|$(RUNDIR)|g' \
	  -e 's|@RUNPARENT@|$(patsubst %/,%,$(dir $(RUNDIR)))|g' -e 's|@SBINDIR@|$(SBINDIR)|g' \
	  -e 's|@CONFDIR@|$(CONFDIR)|g' $< >$@

$(COMPLETIONS): $(BUILD)/ssmenv
	@mkdir -p $(@D)
	$(call run,GEN)$< completion $(if $(filter _%,$(@F)),zsh,bash) >$@

# The helpers are not readable (0711), so that not even their own user can look into their memory.
# Nothing below $(CONFDIR) is ever overwritten: the sample goes to $(DOCDIR). Only root's helper makes
# $(RUNDIR), in a folder that exists: /run, or one that comes with the copy.
install: programs $(COMPLETIONS) $(TEMPLATES)
	$(if $(filter /run/%,$(RUNDIR)),,$(INSTALL) -d $(DESTDIR)$(dir $(RUNDIR)))
	$(INSTALL) -d $(DESTDIR)$(SECUREDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(SBINDIR) $(DESTDIR)$(CONFDIR)/conf.d
	$(INSTALL) -m 0644 $(BUILD)/pam_ssmenv.so $(DESTDIR)$(SECUREDIR)/pam_ssmenv.so
	$(INSTALL) -m 0711 $(addprefix $(BUILD)/,$(LIBEXECS)) $(DESTDIR)$(LIBEXECDIR)/
	$(INSTALL) -m 0755 $(BUILD)/ssmenv $(DESTDIR)$(SBINDIR)/ssmenv
	$(INSTALL) -Dm 0644 $(BUILD)/config/sysusers.d/ssmenv.conf $(DESTDIR)$(SYSUSERSDIR)/ssmenv.conf
	$(INSTALL) -Dm 0644 $(BUILD)/config/tmpfiles.d/ssmenv.conf $(DESTDIR)$(TMPFILESDIR)/ssmenv.conf
	$(INSTALL) -d $(DESTDIR)$(UNITDIR)
	$(INSTALL) -m 0644 $(UNITS) $(DESTDIR)$(UNITDIR)/
	for page in $(MANUALS); do \
	  $(INSTALL) -Dm 0644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/} || exit 1; done
	$(INSTALL) -Dm 0644 $(BUILD)/completions/ssmenv $(DESTDIR)$(BASHCOMPDIR)/ssmenv
	$(INSTALL) -Dm 0644 $(BUILD)/completions/_ssmenv $(DESTDIR)$(ZSHCOMPDIR)/_ssmenv
	$(INSTALL) -d $(DESTDIR)$(DOCDIR)
	$(INSTALL) -m 0644 $(EXAMPLES) $(DESTDIR)$(DOCDIR)/

uninstall:
	rm -f $(DESTDIR)$(SECUREDIR)/pam_ssmenv.so
	rm -f $(DESTDIR)$(SBINDIR)/ssmenv $(DESTDIR)$(BASHCOMPDIR)/ssmenv $(DESTDIR)$(ZSHCOMPDIR)/_ssmenv
	rm -f $(addprefix $(DESTDIR)$(LIBEXECDIR)/,$(LIBEXECS))
	rm -f $(DESTDIR)$(SYSUSERSDIR)/ssmenv.conf $(DESTDIR)$(TMPFILESDIR)/ssmenv.conf
	rm -f $(foreach unit,$(notdir $(UNITS)),$(DESTDIR)$(UNITDIR)/$(unit))
	for page in $(MANUALS); do rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; done
	for file in $(EXAMPLES); do rm -f $(DESTDIR)$(DOCDIR)/$${file##*/}; done
	-rmdir $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DOCDIR) $(DESTDIR)$(CONFDIR)/conf.d $(DESTDIR)$(CONFDIR) 2>/dev/null

# Reads every file with clang-tidy; .clang-tidy says what for. Not part of check: it takes minutes.
tidy: $(BUILD)/paths.h
	git ls-files 'helper/*.c' 'pam_module/*.c' | xargs -P$(JOBS) -I{} \
	  clang-tidy --quiet {} -- $(CPPFLAGS) -std=c17

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build
