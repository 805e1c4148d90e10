# sei - build, tests, checks, installation. `make help` lists what there is.
#
# One Makefile for everything and no recursion, so that every dependency is
# seen. Output goes to build/ alone (build/asan/ under SANITIZE).
#   V=1             show the commands
#   SANITIZE=LIST   e.g. address,undefined: build into build/asan (gcc)
#   PREFIX, DESTDIR where `install` puts things

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
V       ?=
SANITIZE ?=

Q    := $(if $(V),,@)
say   = $(if $(V),,@echo '  $(1) $(2)')
B    := build$(if $(SANITIZE),/asan)

# ---- packages -------------------------------------------------------------

# These goals install what is missing first (.ci/deps), so nothing may look
# for a header or a library before that: all of it is asked when a recipe
# runs, not when this file is read.
INSTALLING := $(filter demo test check asan valgrind,$(MAKECMDGOALS))

# The name of Lua 5.4 differs between distributions.
LUA_PC = $(shell for n in lua5.4 lua-5.4 lua54 lua; do \
  pkg-config --exists "$$n" && echo "$$n" && break; done)

LUA_CFLAGS  ?= $(shell pkg-config --cflags $(LUA_PC))
LUA_LIBS    ?= $(shell pkg-config --libs $(LUA_PC))
CURL_CFLAGS ?= $(shell pkg-config --cflags libcurl)
CURL_LIBS   ?= $(shell pkg-config --libs libcurl)
MHD_CFLAGS  ?= $(shell pkg-config --cflags libmicrohttpd)
MHD_LIBS    ?= $(shell pkg-config --libs libmicrohttpd)

# The emulator is left out where its HTTP library is not installed: a machine
# that only runs the client does not need it.
EMULATOR := $(if $(INSTALLING),yes,$(shell \
  pkg-config --exists libmicrohttpd 2>/dev/null && echo yes))

# ---- sources --------------------------------------------------------------

PLAIN_SRC := $(sort $(wildcard $(addsuffix /*.c,$(addprefix ext/, \
  base http api data match))))
LUA_SRC   := $(sort $(filter-out ext/lua/embed.c,$(wildcard ext/lua/*.c)))
HOST_SRC  := $(sort $(wildcard ext/sandbox/*.c))
LUA_FILES := $(sort $(shell find lua -name '*.lua' 2>/dev/null))

obj        = $(patsubst %.c,$(B)/obj/%.o,$(1))
PLAIN_OBJ := $(call obj,$(PLAIN_SRC))
LUA_OBJ   := $(call obj,$(LUA_SRC))
HOST_OBJ  := $(call obj,$(HOST_SRC))

# ---- flags ----------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
  -Wwrite-strings
SAN_FLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
  -fno-sanitize-recover=undefined)
COMPILE = $(CC) -std=c11 -fPIC -fvisibility=hidden $(WARNINGS) $(CFLAGS) \
  $(SAN_FLAGS) -MMD -MP
LINK    = $(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS)

# A sanitizer's runtime must be in the process before lua5.4, which knows
# nothing of it, loads our modules.
PRELOAD = $(if $(findstring address,$(SANITIZE)),$(shell \
  $(CC) -print-file-name=libasan.so))

# ---- build ----------------------------------------------------------------

CORE := $(B)/lib/sei/core.so
HOST := $(B)/lib/sei/sandbox/host.so

.PHONY: build
build: $(CORE) $(if $(EMULATOR),$(if $(HOST_SRC),$(HOST))) $(B)/bin/sei ## the client, the emulator and the command, into build/ (default)
ifeq ($(EMULATOR),)
	@echo 'the emulator is left out: libmicrohttpd is not installed (make deps)'
endif

$(CORE): $(PLAIN_OBJ) $(LUA_OBJ)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -shared -o $@ $^ $(CURL_LIBS) -lm -lpthread

$(HOST): $(HOST_OBJ)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -shared -o $@ $^ $(MHD_LIBS) -lpthread

$(B)/obj/ext/http/%.o: PART_CFLAGS = $(CURL_CFLAGS)
$(B)/obj/ext/lua/%.o: PART_CFLAGS = $(LUA_CFLAGS)
$(B)/obj/ext/sandbox/%.o: PART_CFLAGS = $(LUA_CFLAGS) $(MHD_CFLAGS)

$(B)/obj/%.o: %.c $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) $(PART_CFLAGS) -c -o $@ $<

-include $(patsubst %.o,%.d,$(PLAIN_OBJ) $(LUA_OBJ) $(HOST_OBJ))

# Rewritten only when the flags change, and then everything is compiled anew.
FLAGS_NOW = $(COMPILE) $(LDFLAGS)
$(B)/flags: FORCE $(if $(INSTALLING),deps)
	@mkdir -p $(@D)
	@echo '$(FLAGS_NOW)' | cmp -s - $@ || echo '$(FLAGS_NOW)' > $@

# Finds the checkout from its own place, whatever the current directory is.
$(B)/bin/sei: Makefile
	@mkdir -p $(@D)
	@printf '%s\n' '#!/bin/sh' \
	  '# Runs the command `sei` of this checkout.' \
	  'bin=$$(dirname "$$(readlink -f "$$0")")' \
	  'top=$$bin/../..$(if $(SANITIZE),/..)' \
	  'LUA_PATH="$$top/lua/?.lua;$$top/lua/?/init.lua;$${LUA_PATH:-;}"' \
	  'LUA_CPATH="$$bin/../lib/?.so;$${LUA_CPATH:-;}"' \
	  'export LUA_PATH LUA_CPATH' \
	  'unset LUA_PATH_5_4 LUA_CPATH_5_4' \
	  $(if $(PRELOAD),'export LD_PRELOAD=$(PRELOAD)') \
	  'exec $(LUA) "$$top/lua/sei/main.lua" "$$@"' > $@
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

# Debian's busted starts whatever `lua` is; ours needs 5.4.
BUSTED     = $(LUA) $$(command -v busted) -o spec/support/summary.lua
SPEC      ?= $(sort $(shell find spec -name '*_spec.lua' \
  -not -path 'spec/bench/*' -not -path 'spec/fuzz/*' \
  -not -path 'spec/torture/*'))
C_TESTS   := $(patsubst spec/c/%.c,spec-c/%,$(wildcard spec/c/*_test.c))

.PHONY: test
test: deps build ## every test; ends with "N passed, N failed" (SPEC=FILES: only these)
	@$(ENVIRONMENT); $(BUSTED) $(SPEC)

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
	$(Q)$(COMPILE) -MF $@.d -MT $@ -I. -Iext -o $@ $< $(B)/libplain.a \
	  $(CURL_LIBS) -lm -lpthread

-include $(wildcard $(B)/spec/c/*.d)

.PHONY: demo
demo: deps build ## the shortest way to see it work, against the emulator
	@$(ENVIRONMENT); $(LUA) examples/demo.lua

# ---- packages to install --------------------------------------------------

# What each goal needs; `make deps` alone: all that a developer wants.
SETS := $(strip $(if $(filter demo,$(MAKECMDGOALS)),demo) \
  $(if $(filter test asan,$(MAKECMDGOALS)),test) \
  $(if $(filter valgrind,$(MAKECMDGOALS)),valgrind) \
  $(if $(filter check,$(MAKECMDGOALS)),check demo))

.PHONY: deps
deps: ## installs the packages that are missing (Debian, Ubuntu); DEPS=no: never
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
