# sei - build, tests, checks, installation. `make help` lists what there is.
#
# One Makefile for everything and no recursion, so that every dependency is
# seen. Output goes to build/ alone (build/asan/ under SANITIZE). What takes
# more than a few lines is a script of its own in .ci/.
#   V=1             show the commands
#   LATE=no         link libcurl into Lua's module instead of loading it when it is
#                   called for: needed where it is no shared library
#   SANITIZE=LIST   e.g. address,undefined: build into build/asan (gcc)
#   PREFIX, DESTDIR where `install` puts things; BINDIR, LUADIR and LIBDIR (Lua's
#                   modules), CLIBDIR and INCDIR (for C programs), PCDIR, MANDIR

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# ---- what may be set from outside -----------------------------------------

ifeq ($(origin CC),default)
CC      := gcc
endif
CFLAGS  ?= -O2 -g
LDFLAGS ?=
LUA     ?= lua5.4
PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
LUADIR  ?= $(PREFIX)/share/lua/5.4
LIBDIR  ?= $(PREFIX)/lib/lua/5.4
CLIBDIR ?= $(PREFIX)/lib
INCDIR  ?= $(PREFIX)/include
PCDIR   ?= $(CLIBDIR)/pkgconfig
MANDIR  ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
V       ?=
ifneq ($(filter asan,$(MAKECMDGOALS)),)
SANITIZE := address,undefined
endif
SANITIZE ?=

OBJCOPY ?= objcopy
ifeq ($(origin LD),default)
LD      := ld
endif

Q    := $(if $(V),,@)
say   = $(if $(V),,@echo '  $(1) $(2)')
B    := build$(if $(SANITIZE),/$(if $(findstring thread,$(SANITIZE)),tsan,asan))

# ---- packages -------------------------------------------------------------

# These goals install what is missing first (.ci/deps), so nothing may look
# for a header or a library before that: all of it is asked when a recipe
# runs, not when this file is read.
INSTALLING := $(filter demo test proof fuzz torture tsan collector check asan valgrind bench%,\
  $(MAKECMDGOALS))

# The name of Lua 5.4 differs between distributions.
LUA_PC = $(shell for n in lua5.4 lua-5.4 lua54 lua; do \
  pkg-config --exists "$$n" 2>/dev/null && echo "$$n" && break; done)

LUA_CFLAGS  ?= $(shell pkg-config --cflags $(LUA_PC))
LUA_LIBS    ?= $(shell pkg-config --libs $(LUA_PC))
CURL_CFLAGS ?= $(shell pkg-config --cflags libcurl)
CURL_LIBS   ?= $(shell pkg-config --libs libcurl)
ZLIB_CFLAGS ?= $(shell pkg-config --cflags zlib)
ZLIB_LIBS   ?= $(shell pkg-config --libs zlib)
UTF8_CFLAGS ?= $(shell pkg-config --cflags libutf8proc)
UTF8_LIBS   ?= $(shell pkg-config --libs libutf8proc)
CRYPTO_CFLAGS ?= $(shell pkg-config --cflags libcrypto)
CRYPTO_LIBS ?= $(shell pkg-config --libs libcrypto)
MHD_CFLAGS  ?= $(shell pkg-config --cflags libmicrohttpd)
MHD_LIBS    ?= $(shell pkg-config --libs libmicrohttpd)

# The emulator is left out where its HTTP library is not installed: a machine
# that only runs the client does not need it.
EMULATOR := $(if $(INSTALLING),yes,$(shell \
  pkg-config --exists libmicrohttpd 2>/dev/null && echo yes))

# ---- sources --------------------------------------------------------------

PLAIN_SRC := $(sort $(wildcard $(addsuffix /*.c,$(addprefix ext/, \
  base http api data match))))
# Of the libraries for C programs alone, not of the module.
EMBED_SRC := $(wildcard ext/lua/embed.c ext/lua/host*.c)
LUA_SRC   := $(sort $(filter-out $(EMBED_SRC),$(wildcard ext/lua/*.c)))
HOST_SRC  := $(sort $(wildcard ext/sandbox/*.c))
LUA_FILES := $(sort $(shell find lua -name '*.lua' 2>/dev/null))

obj        = $(patsubst %.c,$(B)/obj/%.o,$(1))
PLAIN_OBJ := $(call obj,$(PLAIN_SRC))
LUA_OBJ   := $(call obj,$(LUA_SRC))
HOST_OBJ  := $(call obj,$(HOST_SRC))

# What calls libcurl is compiled twice. The module loads it with the first client
# (ext/http/libcurl.h); the libraries for C programs, which may be linked into a
# static program, are linked to it. LATE=no: the module as well.
LATE      ?= yes
ifeq ($(LATE),no)
CORE_OBJ  := $(PLAIN_OBJ) $(LUA_OBJ)
else
CORE_OBJ  := $(patsubst $(B)/obj/ext/http/%,$(B)/late/ext/http/%,$(PLAIN_OBJ)) $(LUA_OBJ)
endif

# ---- flags ----------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
  -Wwrite-strings
SAN_FLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
  -fno-sanitize-recover=undefined)
COMPILE = $(CC) -std=c11 -fPIC -fvisibility=hidden $(WARNINGS) $(CFLAGS) \
  $(SAN_FLAGS) -MMD -MP
# nodelete: a leak is reported after Lua let go of the module, whose functions
# shall still have names then.
# libcrypto in front: the loader looks for names in this order, and most of them
# are libcrypto's own.
CORE_LIBS = $(CURL_LIBS) $(CRYPTO_LIBS) $(ZLIB_LIBS) $(UTF8_LIBS) -lm -lpthread
LINK    = $(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS)
ifneq ($(SANITIZE),)
LINK   += -Wl,-z,nodelete
endif

# A sanitizer's runtime must be in the process before lua5.4, which knows
# nothing of it, loads our modules.
PRELOAD = $(if $(findstring address,$(SANITIZE)),$(shell \
  $(CC) -print-file-name=libasan.so))

# ---- build ----------------------------------------------------------------

# -z now: every name must be there when a module is loaded, not when called.
CORE := $(B)/lib/sei/core.so
HOST := $(B)/lib/sei/sandbox/host.so

.PHONY: build
build: $(CORE) $(if $(EMULATOR),$(if $(HOST_SRC),$(HOST))) $(B)/bin/sei ## the client, the emulator and the command, into build/ (default)
ifeq ($(EMULATOR),)
	@echo 'the emulator is left out: libmicrohttpd is not installed (make deps)'
endif

$(CORE): $(CORE_OBJ) Makefile
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -shared -Wl,-z,now,--as-needed -o $@ $(filter %.o,$^) $(CORE_LIBS)

# The emulator shares nothing with the client but the tools of ext/base.
$(HOST): $(HOST_OBJ) $(filter $(B)/obj/ext/base/%,$(PLAIN_OBJ)) Makefile
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -shared -Wl,-z,now -o $@ $(filter %.o,$^) $(MHD_LIBS) -lpthread

$(B)/obj/ext/http/%.o: PART_CFLAGS = $(CURL_CFLAGS) $(ZLIB_CFLAGS)
$(B)/obj/ext/data/%.o: PART_CFLAGS = $(UTF8_CFLAGS) $(CRYPTO_CFLAGS)
$(B)/obj/ext/lua/%.o: PART_CFLAGS = $(LUA_CFLAGS)
$(B)/obj/ext/sandbox/%.o: PART_CFLAGS = $(LUA_CFLAGS) $(MHD_CFLAGS)

$(B)/obj/%.o: %.c $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) $(PART_CFLAGS) -c -o $@ $<

$(B)/late/ext/http/%.o: ext/http/%.c $(B)/flags
	$(call say,CC,$< (late))
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) $(CURL_CFLAGS) $(ZLIB_CFLAGS) -DSEI_LATE $(LATE_NAME) -c -o $@ $<

# The name by which the loader knows libcurl, from what is linked to it.
$(B)/late/ext/http/start.o: LATE_NAME = -DSEI_LIBCURL="\"$$(readelf -d $(B)/late/probe.so | \
  sed -n 's/.*(NEEDED).*\[\(libcurl[^]]*\)\].*/\1/p')\""
$(B)/late/ext/http/start.o: $(B)/late/probe.so
$(B)/late/probe.so: $(B)/flags
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -shared -nostdlib -Wl,--no-as-needed -o $@ $(CURL_LIBS)
	@readelf -d $@ | grep -q 'NEEDED.*\[libcurl' || { echo 'libcurl is no shared' \
	  'library here: make LATE=no' >&2; exit 1; }

-include $(patsubst %.o,%.d,$(PLAIN_OBJ) $(CORE_OBJ) $(HOST_OBJ))

# Rewritten only when the flags change, and then everything is compiled anew.
# Says in one sentence what a compiler would say in fifty.
FLAGS_NOW = $(COMPILE) $(LDFLAGS)
LUA_FOUND = $(filter-out file undefined,$(origin LUA_CFLAGS))$(LUA_PC)
$(B)/flags: FORCE $(if $(INSTALLING),deps)
	@command -v $(firstword $(CC)) >/dev/null && [ -n '$(LUA_FOUND)' ] && \
	  pkg-config --exists libcurl zlib libutf8proc libcrypto || { echo 'a compiler,' \
	  'pkg-config, or the headers of Lua 5.4, libcurl, zlib, utf8proc or OpenSSL are' \
	  'missing: make deps'; exit 1; } >&2
	@mkdir -p $(@D)
	@echo '$(FLAGS_NOW)' | cmp -s - $@ || echo '$(FLAGS_NOW)' > $@

$(B)/bin/sei: .ci/command
	@mkdir -p $(@D)
	@sh .ci/command '$(LUA)' $(B)/bin lua $(B)/lib $(PRELOAD) > $@
	@chmod +x $@

# What makes a shell, or a recipe, find what was built here.
ENVIRONMENT = export LUA_PATH='$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;'; \
  export LUA_CPATH='$(CURDIR)/$(B)/lib/?.so;;'; \
  export PATH='$(CURDIR)/$(B)/bin':"$$PATH"; \
  export SEI_BUILD='$(CURDIR)/$(B)'; \
  export SEI_SANITIZE='$(SANITIZE)'; \
  unset LUA_PATH_5_4 LUA_CPATH_5_4$(if \
  $(PRELOAD),; export LD_PRELOAD='$(PRELOAD)')
define NEWLINE


endef

.PHONY: env
env: ## prints the environment of this checkout: eval "$(make -s env)"
	$(info $(subst ; ,$(NEWLINE),$(ENVIRONMENT)))@:

# ---- tests ----------------------------------------------------------------

# JOBS processes at once, one file each, see spec/support/run.lua. Debian's
# busted starts whatever `lua` is; ours needs 5.4.
JOBS      ?= 1
RUN        = $(LUA) spec/support/run.lua $(B)/spec/$(firstword $(MAKECMDGOALS)) $(JOBS)
BUSTED     = $(LUA) $$(command -v busted) -o spec/support/summary.lua \
  $(if $(filter proof,$(MAKECMDGOALS)),--tags,--exclude-tags)=proof
SPEC      ?= $(sort $(shell find spec -name '*_spec.lua' \
  -not -path 'spec/bench/*' -not -path 'spec/fuzz/*' \
  -not -path 'spec/torture/*'))
C_TESTS   := $(patsubst spec/c/%.c,spec-c/%,$(wildcard spec/c/*_test.c))

# SEI_WAIT=luv or cqueues: the specs run inside that event loop.
ifneq ($(SEI_WAIT),)
BUSTED    += --helper=spec/support/waiting.lua
endif

.PHONY: test
test: JOBS = 3
test: deps build ## every test; ends with "N passed, N failed" (SPEC=FILES: only these; JOBS=3)
	@$(ENVIRONMENT); exec $(RUN) $(BUSTED) -- $(SPEC)

# Specs tagged #proof take minutes: a million records, every fault on every
# endpoint. Each of them has a slice among the ordinary tests.
.PHONY: proof
proof: deps build ## the long runs that show what the tests show in small
	@$(ENVIRONMENT); $(RUN) $(BUSTED) -- $(SPEC)
	@$(MAKE) -s DEPS=no torture tsan fuzz

# The C tests see the plain folders as they are, hidden symbols included.
# spec/c_spec.lua builds each by its name here and runs it.
.PHONY: $(C_TESTS)
$(C_TESTS): spec-c/%: $(B)/spec/c/%

$(B)/libplain.a: $(PLAIN_OBJ)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(B)/spec/c/%: spec/c/%.c $(B)/libplain.a $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) -MF $@.d -MT $@ -I. -Iext $(UTF8_CFLAGS) -o $@ $< $(B)/libplain.a \
	  $(CORE_LIBS)

-include $(wildcard $(B)/spec/c/*.d)

# Memory that fails, and threads: see spec/torture/.
$(B)/spec/torture: spec/torture/torture.c $(B)/spec/memory.o ext/sei.h \
    $(B)/libsei.a
	$(call say,CC,$<)
	$(Q)$(CC) -std=c11 $(WARNINGS) $(CFLAGS) $(SAN_FLAGS) -Iext $(LUA_CFLAGS) \
	  -o $@ $< $(B)/spec/memory.o $(B)/libsei.a $(LUA_LIBS) $(CORE_LIBS)

# Without a sanitizer's marks: it is called before the sanitizer is ready.
$(B)/spec/memory.o: spec/torture/memory.c spec/torture/memory.h $(B)/flags
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=c11 $(WARNINGS) $(CFLAGS) $(if $(findstring \
	  address,$(SANITIZE)),-DMEMORY_ASAN) -c -o $@ $<

$(B)/spec/threads: spec/torture/threads.c ext/sei.h $(B)/libsei.a
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=c11 $(WARNINGS) $(CFLAGS) $(SAN_FLAGS) -Iext $(LUA_CFLAGS) \
	  -o $@ $(filter %.c,$^) $(B)/libsei.a $(LUA_LIBS) $(CORE_LIBS)

.PHONY: torture-program threads-program
torture-program: $(B)/spec/torture
threads-program: $(B)/spec/threads

.PHONY: torture
torture: deps build torture-program ## every public call while memory fails (SCENARIO=PART: only those)
	@$(ENVIRONMENT); $(SAN_OPTIONS); for way in '' --squeeze; do \
	  $(LUA) spec/torture/run.lua $(B)/spec/torture $$way $(SCENARIO) || exit 1; \
	  done

# Not those that only build or run other programs, nor the one that compares a
# million texts.
.PHONY: collector
collector: deps build ## the tests with all garbage collected again and again
	@$(ENVIRONMENT); export SEI_SLOW=20; $(RUN) $(BUSTED) --helper=spec/torture/collector.lua \
	  -- $(filter-out spec/build% spec/c_% spec/check% spec/embed% spec/sandbox/% \
	  spec/torture% spec/regress/30% spec/json_d%,$(SPEC))

# RECIPES: how many the host with eight threads runs.
RECIPES   ?= 1000
.PHONY: tsan
tsan: deps build ## eight threads, each with a state of its own, under ThreadSanitizer; and the hosts in C
	@$(MAKE) -s CC=clang SANITIZE=thread DEPS=no threads-program host-example \
	  $(patsubst $(B)/%,build/tsan/%,$(B)/spec/host/jobs)
	@$(ENVIRONMENT); export \
	  TSAN_OPTIONS=exitcode=66:suppressions=.ci/tsan.supp; \
	  $(LUA) spec/torture/tsan.lua build/tsan 8 10 $(RECIPES)

.PHONY: demo
demo: deps build ## plan, approve, apply, read, report, undo: on the emulator
	@$(ENVIRONMENT); $(LUA) examples/demo.lua

# The same tests with a sanitizer in every process that loads our modules.
# SEI_SLOW is a factor for the deadlines that specs measure.
.PHONY: asan
asan: deps build ## every test under AddressSanitizer and UBSan, in build/asan
	@$(ENVIRONMENT); export SEI_SLOW=5; $(SAN_OPTIONS); $(RUN) $(BUSTED) -- $(SPEC)

SAN_OPTIONS = export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
  LSAN_OPTIONS=suppressions='$(CURDIR)/.ci/leaks.supp':print_suppressions=0

VALGRIND = valgrind -q --keep-debuginfo=yes --error-exitcode=99 --leak-check=full \
  --show-leak-kinds=definite --errors-for-leak-kinds=definite \
  --suppressions='$(CURDIR)/.ci/valgrind.supp'

.PHONY: valgrind
valgrind: deps build ## every test under valgrind
	@$(ENVIRONMENT); export SEI_SLOW=30 SEI_UNDER="$(VALGRIND)"; \
	  $(RUN) $(VALGRIND) $(BUSTED) -- $(SPEC)

# Fuzzing, spec/fuzz/: each NAME_fuzz.c is built twice. With spec/fuzz/main.c it
# runs a short fixed list of inputs among the tests (spec/fuzz_spec.lua); with
# clang's libFuzzer and sanitizers it searches, for FUZZ_SECONDS each.
FUZZERS      := $(patsubst spec/fuzz/%.c,%,$(wildcard spec/fuzz/*_fuzz.c))
FUZZ_CC      ?= clang
FUZZ_SECONDS ?= 20
FUZZ_COMPILE  = $(FUZZ_CC) -std=c11 $(WARNINGS) -O1 -g -fno-omit-frame-pointer \
  -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
  -MMD -MP -I. -Iext $(LUA_CFLAGS) $(CURL_CFLAGS) $(ZLIB_CFLAGS) $(UTF8_CFLAGS) \
  $(CRYPTO_CFLAGS)
FUZZ_OBJ     := $(patsubst %.c,build/fuzz/obj/%.o,$(PLAIN_SRC) $(LUA_SRC))

.PHONY: fuzz fuzz-slice
fuzz: deps $(addprefix build/fuzz/bin/,$(FUZZERS)) ## searches for inputs that break something (FUZZ_SECONDS=20 each; needs clang)
	@FUZZ_SECONDS='$(FUZZ_SECONDS)' sh spec/fuzz/run build/fuzz $(FUZZERS)

build/fuzz/bin/%: spec/fuzz/%.c $(FUZZ_OBJ)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(FUZZ_COMPILE) -MF $@.d -MT $@ -fsanitize=fuzzer -o $@ $< $(FUZZ_OBJ) \
	  $(LUA_LIBS) $(CORE_LIBS) || { echo 'make fuzz needs clang with its' \
	  'fuzzing runtime (Debian: clang and libclang-rt-14-dev)'; exit 1; } >&2

build/fuzz/obj/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(FUZZ_COMPILE) -c -o $@ $<

fuzz-slice: $(addprefix $(B)/spec/fuzz/,$(FUZZERS))

$(B)/obj/spec/fuzz/%.o: PART_CFLAGS = -I. -Iext $(LUA_CFLAGS) $(CURL_CFLAGS) \
  $(ZLIB_CFLAGS)

$(B)/spec/fuzz/%: $(B)/obj/spec/fuzz/%.o $(B)/obj/spec/fuzz/main.o $(B)/libplain.a $(LUA_OBJ)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(B)/libplain.a $(LUA_LIBS) $(CORE_LIBS)

.SECONDARY: $(FUZZ_OBJ) $(patsubst %,$(B)/obj/spec/fuzz/%.o,$(FUZZERS))
-include $(FUZZ_OBJ:.o=.d) $(wildcard build/fuzz/bin/*.d $(B)/obj/spec/fuzz/*.d)

# ---- benchmark --------------------------------------------------------------

# Contestants, a page server and a runner: spec/bench/. Those contestants whose
# packages cannot be installed are left out, and named. MOST=1000000: lets the
# growth of mapping and planning go on so far, in gigabytes and minutes.
BENCH := $(B)/bench
BENCH_PROGRAMS = $(addprefix $(BENCH)/,server measure floor)
BENCH_OTHERS = simdjson list_go csv_go upload_go h2_go
BENCH_RUN = $(ENVIRONMENT); $(LUA) spec/bench/run.lua $(BENCH)/ $(B)/bench.json

.PHONY: bench bench-quick bench-others
bench: deps build $(BENCH_PROGRAMS) bench-others ## ours beside its peers, and how it grows: build/bench/report.html, build/bench.json (HEAT=NAME: only that)
	@$(BENCH_RUN) $(if $(MOST),--most=$(MOST)) $(HEAT)

bench-quick: deps build $(BENCH_PROGRAMS) bench-others ## the same in a minute: fewer rounds and heats
	@$(BENCH_RUN) --quick $(if $(MOST),--most=$(MOST)) $(HEAT)

bench-others: deps
	@$(MAKE) -s -k DEPS=no $(addprefix $(BENCH)/,$(BENCH_OTHERS)) || true

BENCH_COMPILE = $(CC) -std=c11 $(WARNINGS) -O3 -g

$(BENCH)/server: spec/bench/server.c $(wildcard spec/bench/data.[ch] spec/bench/packed.[ch]) | deps
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(BENCH_COMPILE) $(ZLIB_CFLAGS) -o $@ $(filter %.c,$^) $(ZLIB_LIBS)

$(BENCH)/measure: spec/bench/measure.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(BENCH_COMPILE) -o $@ $<

$(BENCH)/download.o: spec/bench/peers/download.c spec/bench/peers/download.h | deps
	$(Q)mkdir -p $(@D)
	$(Q)$(BENCH_COMPILE) $(CURL_CFLAGS) -c -o $@ $<

$(BENCH)/floor: spec/bench/peers/floor.c $(BENCH)/download.o
	$(call say,CC,$<)
	$(Q)$(BENCH_COMPILE) -o $@ $^ $(CURL_LIBS)

$(BENCH)/simdjson: spec/bench/peers/simdjson.cc $(BENCH)/download.o
	$(call say,CXX,$<)
	$(Q)g++ -O3 -Wall -Wextra -o $@ $^ $(CURL_LIBS) -lsimdjson

$(BENCH)/%_go: spec/bench/peers/%.go
	$(call say,GO,$<)
	$(Q)GOFLAGS=-mod=mod GOTOOLCHAIN=local go build -o $@ $<

# ---- checks ---------------------------------------------------------------

.PHONY: check
check: deps build lib ## compilers, luacheck, layout, symbols, reference; ends with one line
	@$(ENVIRONMENT); \
	  FLAGS='-std=c11 -fPIC -fvisibility=hidden $(WARNINGS) $(CFLAGS)' \
	  LUA_FLAGS='$(LUA_CFLAGS)' \
	  OTHER_FLAGS='$(CURL_CFLAGS) $(ZLIB_CFLAGS) $(UTF8_CFLAGS) $(CRYPTO_CFLAGS) $(MHD_CFLAGS)' \
	  LUA='$(LUA)' sh .ci/check $(B)

# ---- reference ------------------------------------------------------------

# From the comments of ext/lua and lua/sei: pages by LDoc, and annotations for
# editors. See .ci/doc/.
.PHONY: doc
doc: $(B)/doc/meta/sei.lua ## the reference, build/doc/index.html, and annotations for editors
	$(call say,LDOC,build/doc)
	$(Q)rm -rf $(B)/doc/source
	$(Q)mkdir -p $(B)/doc/source
	$(Q)$(ENVIRONMENT); $(LUA) .ci/doc/pages.lua $(B)/doc/source
	$(Q)ldoc --fatalwarnings -q -c .ci/doc/config.ld \
	  -d '$(CURDIR)/$(B)/doc' '$(CURDIR)/$(B)/doc/source' >/dev/null

# Part of it is in tables of the C side: that one has to be built.
$(B)/doc/meta/sei.lua: $(CORE) $(wildcard ext/lua/*.c .ci/doc/*.lua) $(LUA_FILES)
	$(call say,META,$(@D))
	$(Q)rm -rf $(@D)
	$(Q)mkdir -p $(@D)
	$(Q)$(ENVIRONMENT); $(LUA) .ci/doc/meta.lua $(@D)

# ---- manual page and completion ---------------------------------------------

# From the tables of the command line. The emulator's options are among them
# where it is built.
.PHONY: man
man: $(B)/man/sei.1 ## the manual page and completion for bash and zsh, into build/man

$(B)/man/sei.1: build .ci/doc/man.lua $(LUA_FILES)
	$(call say,MAN,$(@D))
	$(Q)mkdir -p $(@D)
	$(Q)$(ENVIRONMENT); $(LUA) .ci/doc/man.lua $(@D)

# ---- libraries for C programs ----------------------------------------------

# With the Lua files inside. Their only global symbols are those of ext/sei.h
# (and luaopen_sei_core); in the static one all is one object for that.
VERSION   := $(shell sh .ci/api version)
SONAME    := libsei.so.$(firstword $(subst ., ,$(VERSION)))
SHARED    := $(B)/libsei.so.$(VERSION)
EMBED_LUA := $(filter-out lua/sei/sandbox/% lua/sei/main.lua,$(LUA_FILES))
EMBED_OBJ := $(call obj,$(EMBED_SRC)) $(B)/gen/embedded.o
KEEP      := luaopen_sei_core $(shell sh .ci/api)

.PHONY: lib
lib: $(B)/libsei.a $(SHARED) ## the static and the shared library for host programs in C (ext/sei.h)

$(SHARED): $(PLAIN_OBJ) $(LUA_OBJ) $(EMBED_OBJ) Makefile
	$(call say,LD,$@)
	$(Q)$(LINK) -shared -Wl,-z,now,-Bsymbolic,-soname,$(SONAME) $(if $(SANITIZE),,-Wl,-z,defs) \
	  -o $@ $(filter %.o,$^) $(LUA_LIBS) $(CORE_LIBS)
	$(Q)ln -sf $(@F) $(B)/$(SONAME)
	$(Q)ln -sf $(SONAME) $(B)/libsei.so

$(B)/libsei.a: $(PLAIN_OBJ) $(LUA_OBJ) $(EMBED_OBJ)
	$(call say,AR,$@)
	$(Q)$(LD) -r -o $(B)/gen/sei.o $^
	$(Q)$(OBJCOPY) $(addprefix --keep-global-symbol=,$(KEEP)) $(B)/gen/sei.o
	$(Q)rm -f $@
	$(Q)ar rcs $@ $(B)/gen/sei.o

$(B)/gen/embedded.c: $(EMBED_LUA) .ci/embed.lua
	$(call say,EMBED,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(LUA) .ci/embed.lua $@ $(EMBED_LUA)

$(B)/gen/embedded.o: $(B)/gen/embedded.c $(B)/flags
	$(Q)$(COMPILE) -Iext/lua -c -o $@ $<

-include $(EMBED_OBJ:.o=.d)

# Host programs that use it: examples/embed/.
HOST_EXAMPLES := $(patsubst examples/embed/%.c,$(B)/examples/%,$(wildcard examples/embed/*.c))

.PHONY: host-example
host-example: $(HOST_EXAMPLES) ## the host programs of examples/embed, into build/examples

$(B)/examples/%: examples/embed/%.c ext/sei.h $(B)/libsei.a
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=c11 $(WARNINGS) $(CFLAGS) $(SAN_FLAGS) -Iext $(LUA_CFLAGS) \
	  -o $@ $< $(B)/libsei.a $(LUA_LIBS) $(CORE_LIBS)

# Hosts that check what ext/sei.h promises: spec/host/.
HOST_PROGRAMS := $(patsubst spec/host/%.c,$(B)/spec/host/%,$(wildcard spec/host/*.c))

.PHONY: host-programs
host-programs: $(HOST_PROGRAMS) $(SHARED)

# Functions that are called as our inner ones are, and must never be called: two
# of the hosts have them.
$(B)/gen/clash.c: $(PLAIN_OBJ) $(LUA_OBJ) $(EMBED_OBJ)
	$(Q)mkdir -p $(@D)
	$(Q)nm -g --defined-only $(filter %.o,$^) | sed -n 's/^.* [A-Z] \(sei_.*\)$$/\1/p' | \
	  sort -u | grep -vxF "$$(sh .ci/api)" | \
	  sed 's/.*/void &(void);\nvoid &(void) { __builtin_trap(); }/' > $@

$(B)/spec/host/guest: $(B)/gen/clash.c
$(B)/spec/host/clash: spec/host/clash.c spec/host/check.h ext/sei.h $(B)/gen/clash.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=c11 $(WARNINGS) $(CFLAGS) $(SAN_FLAGS) -rdynamic -Iext $(LUA_CFLAGS) \
	  -o $@ $(filter %.c,$^) $(LUA_LIBS) -ldl

$(B)/spec/host/%: spec/host/%.c spec/host/check.h ext/sei.h $(B)/libsei.a
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=c11 $(WARNINGS) $(CFLAGS) $(SAN_FLAGS) -rdynamic -Iext $(LUA_CFLAGS) \
	  -o $@ $(filter %.c,$^) $(B)/libsei.a $(LUA_LIBS) $(CORE_LIBS)

# ---- installation ---------------------------------------------------------

INSTALL_LUA := $(if $(EMULATOR),$(LUA_FILES),$(filter-out \
  lua/sei/sandbox/%,$(LUA_FILES)))
INSTALL_LIB  = sei/core.so $(if $(EMULATOR),$(if \
  $(HOST_SRC),sei/sandbox/host.so))

.PHONY: install
install: install-lua man lib ## into PREFIX (/usr/local), below DESTDIR if it is set
	$(Q)install -d '$(DESTDIR)$(BINDIR)'
	$(Q)sh .ci/command '$(LUA)' '$(BINDIR)' '$(LUADIR)' '$(LIBDIR)' \
	  > '$(DESTDIR)$(BINDIR)/sei'
	$(Q)chmod 755 '$(DESTDIR)$(BINDIR)/sei'
	$(Q)install -d '$(DESTDIR)$(MANDIR)/man1' '$(DESTDIR)$(BASHDIR)' '$(DESTDIR)$(ZSHDIR)'
	$(Q)install -m 644 $(B)/man/sei.1 '$(DESTDIR)$(MANDIR)/man1/sei.1'
	$(Q)install -m 644 $(B)/man/sei.bash '$(DESTDIR)$(BASHDIR)/sei'
	$(Q)install -m 644 $(B)/man/_sei '$(DESTDIR)$(ZSHDIR)/_sei'
	$(Q)install -d '$(DESTDIR)$(INCDIR)' '$(DESTDIR)$(CLIBDIR)' '$(DESTDIR)$(PCDIR)'
	$(Q)install -m 644 ext/sei.h '$(DESTDIR)$(INCDIR)/sei.h'
	$(Q)install -m 644 $(B)/libsei.a '$(DESTDIR)$(CLIBDIR)/libsei.a'
	$(Q)install -m 755 $(SHARED) '$(DESTDIR)$(CLIBDIR)/$(notdir $(SHARED))'
	$(Q)ln -sf $(notdir $(SHARED)) '$(DESTDIR)$(CLIBDIR)/$(SONAME)'
	$(Q)ln -sf $(SONAME) '$(DESTDIR)$(CLIBDIR)/libsei.so'
	$(Q)for n in sei sei-static; do sh .ci/pkgconfig $$n '$(PREFIX)' '$(CLIBDIR)' '$(INCDIR)' \
	  $(VERSION) $(LUA_PC) > '$(DESTDIR)$(PCDIR)'/$$n.pc || exit 1; done

# What `require` finds, and the annotations, which it must not find.
.PHONY: install-lua
install-lua: build $(B)/doc/meta/sei.lua
	$(Q)for f in $(INSTALL_LUA:lua/%=%); do \
	  install -d "$$(dirname '$(DESTDIR)$(LUADIR)'/$$f)" && \
	  install -m 644 lua/$$f '$(DESTDIR)$(LUADIR)'/$$f || exit 1; done
	$(Q)for f in $(INSTALL_LIB); do \
	  install -d "$$(dirname '$(DESTDIR)$(LIBDIR)'/$$f)" && \
	  install -m 755 $(B)/lib/$$f '$(DESTDIR)$(LIBDIR)'/$$f || exit 1; done
	$(Q)install -d '$(DESTDIR)$(PREFIX)/share/sei/meta'
	$(Q)install -m 644 $(B)/doc/meta/*.lua '$(DESTDIR)$(PREFIX)/share/sei/meta'

# For LuaRocks (the rockspec), which moves the parts of a rock to the tree's
# bin, share/lua/5.4 and lib/lua/5.4 afterwards.
.PHONY: install-rock
install-rock: install-lua
	$(Q)install -d '$(DESTDIR)$(BINDIR)'
	$(Q)sh .ci/command '$(LUA)' bin share/lua/5.4 lib/lua/5.4 \
	  > '$(DESTDIR)$(BINDIR)/sei'
	$(Q)chmod 755 '$(DESTDIR)$(BINDIR)/sei'

.PHONY: uninstall
uninstall: ## takes away what install put there
	$(Q)cd '$(DESTDIR)$(LUADIR)' && rm -f $(LUA_FILES:lua/%=%)
	$(Q)cd '$(DESTDIR)$(LIBDIR)' && rm -f sei/core.so sei/sandbox/host.so
	$(Q)rm -f '$(DESTDIR)$(BINDIR)/sei' '$(DESTDIR)$(INCDIR)/sei.h' \
	  $(foreach f,libsei.a libsei.so $(SONAME) $(notdir $(SHARED)),'$(DESTDIR)$(CLIBDIR)/$(f)') \
	  '$(DESTDIR)$(PCDIR)/sei.pc' '$(DESTDIR)$(PCDIR)/sei-static.pc' \
	  '$(DESTDIR)$(MANDIR)/man1/sei.1' \
	  '$(DESTDIR)$(BASHDIR)/sei' '$(DESTDIR)$(ZSHDIR)/_sei'
	$(Q)rm -rf '$(DESTDIR)$(PREFIX)/share/sei'
	$(Q)for d in '$(DESTDIR)$(LUADIR)/sei' '$(DESTDIR)$(LIBDIR)/sei'; do \
	  if [ -d "$$d" ]; then find "$$d" -type d -empty -delete; fi; done

# ---- packages to install --------------------------------------------------

# What each goal needs; `make deps` alone: all that a developer wants.
SETS := $(strip $(if $(filter demo,$(MAKECMDGOALS)),demo) \
  $(if $(filter test asan torture collector,$(MAKECMDGOALS)),test) \
  $(if $(filter proof fuzz tsan,$(MAKECMDGOALS)),proof) \
  $(if $(filter valgrind,$(MAKECMDGOALS)),valgrind) \
  $(if $(filter check,$(MAKECMDGOALS)),check demo) \
  $(if $(filter bench%,$(MAKECMDGOALS)),build peers))

.PHONY: deps
deps: ## installs the packages that are missing (DEPS=no: never)
	$(if $(filter no,$(DEPS)),,@sh .ci/deps $(or $(SETS),demo test check))

.PHONY: clean
clean: ## removes build/
	rm -rf build

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | \
	  while IFS="$$(printf '\t')" read -r t d; do \
	    printf '  %-12s %s\n' "$$t" "$$d"; done

.PHONY: FORCE
FORCE:
