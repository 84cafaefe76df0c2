# Hookline. `make help` lists the targets; build output goes to build/ alone.

BUILD ?= build
CC = gcc
PREFIX ?= /usr/local
PYTHON ?= /usr/bin/python3
VERSION := $(shell cat VERSION)
FUZZ_SECONDS ?= 60

# Rooms of the house plan; those of lib/ know nothing about hooks. A room's library is all its sources,
# including those in its folders, except main.c.
GENERAL_ROOMS := base tls http rpc kube oci guest
ROOMS := $(GENERAL_ROOMS) proto hooks hostpath domain annotations machine appliance manager controller shim launcher cli
room_folder = $(if $(filter $(1),$(GENERAL_ROOMS)),lib/$(1),$(1))
# Each program is the main.c of a room, or of a folder of it.
PROGRAM_NAMES := hookctl hookctl-online hook-controller hook-manager hook-launcher sidecar-shim
hookctl_ROOM := cli
hookctl-online_ROOM := cli/online
hook-controller_ROOM := controller
hook-manager_ROOM := manager
hook-launcher_ROOM := launcher
sidecar-shim_ROOM := shim
# Libraries that only one program needs, linked dynamically.
hook-launcher_LIBS := -lvirt -lvirt-qemu
hook-controller_LIBS := -lcurl -lmicrohttpd -lgnutls
# Of lib/oci.
archive_LIBS := -larchive -lzstd
hookctl-online_LIBS := -lcurl -lgnutls $(archive_LIBS)

CPPFLAGS += -I. -Ilib -I$(BUILD) -isystem /usr/include/libxml2 -D_GNU_SOURCE -DHOOKLINE_VERSION='"$(VERSION)"'
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
    -Wundef -Wwrite-strings -Wno-format-nonliteral
ifneq ($(findstring clang,$(CC)),)
# uthash falls through cases, and clang does not count a cleanup as a use
WARNINGS := $(filter-out -Wimplicit-fallthrough,$(WARNINGS)) -Wno-unused-variable
endif
OPTIMIZE ?= -O2 -g
HARDEN ?= -fstack-protector-strong -D_FORTIFY_SOURCE=2
CFLAGS += -std=gnu17 $(OPTIMIZE) $(HARDEN) $(WARNINGS) -fno-strict-aliasing -ffunction-sections -fdata-sections
# So that lib/rpc/connection.c sees what the gRPC core reads and writes.
WRAP := -Wl,--wrap=recvmsg -Wl,--wrap=sendmsg -Wl,--wrap=close
# libev comes after our libraries and closes descriptors, too: hence --undefined.
LDFLAGS += -static-libgcc -Wl,--gc-sections -Wl,-z,relro,-z,now $(WRAP) -Wl,--undefined=__wrap_close
ifeq ($(CI),true)
CFLAGS += -Werror
endif
ifdef SANITIZE
HARDEN :=
OPTIMIZE := -O1 -g -fno-omit-frame-pointer
CFLAGS += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
LDFLAGS += -fsanitize=$(SANITIZE)
endif

# Linked statically except for libc, libm and libxml2: the fifty shared libraries of gRPC would add
# several milliseconds to each start of a sidecar.
GRPC_LIBS := $(shell pkg-config --static --libs-only-l grpc_unsecure) -lupb -laddress_sorting -lz -lcares -labsl_status
# On Ubuntu the static c-ares has another name.
GRPC_LIBS := $(if $(filter /%,$(shell gcc -print-file-name=libcares.a)),$(GRPC_LIBS),$(GRPC_LIBS:-lcares=-lcares_static))
STATIC_LIBS := -Wl,--start-group $(filter-out -lpthread -lm -lrt -ldl,$(GRPC_LIBS)) -lprotobuf-c -ljansson -lyaml -lev -lresolv -luuid -lstdc++ -Wl,--end-group
LIBRARY_LIBS := $(WRAP) $(STATIC_LIBS:-Wl,--%-group=) -lxml2 -lm -lpthread
LDLIBS += -Wl,-Bstatic $(STATIC_LIBS) -Wl,-Bdynamic -lxml2 -lm -lpthread

PROTOS := $(wildcard proto/*.proto)
PROTO_SOURCES := $(PROTOS:proto/%.proto=$(BUILD)/proto/%.pb-c.c)
PROTO_HEADERS := $(PROTO_SOURCES:.c=.h)
room_sources = $(filter-out %/main.c,$(wildcard $(addprefix $(call room_folder,$(1))/,*.c */*.c)))
room_objects = $(patsubst %.c,$(BUILD)/%.o,$(call room_sources,$(1)))
LIBRARIES := $(ROOMS:%=$(BUILD)/lib/lib%.a)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
SAMPLES := $(BUILD)/samples/smbios/onDefineDomain

Q := $(if $(V),,@)
say = @printf '  %-8s %s\n' '$(1)' '$(2)'

MAN_PAGES := $(patsubst docs/man/%.scd,$(BUILD)/man/%,$(wildcard docs/man/*.scd))

.PHONY: all
all: $(PROGRAM_NAMES:%=$(BUILD)/%) $(BUILD)/lib/libhookline-manager.a $(SAMPLES) ## build everything

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BUILD)/proto/%.pb-c.c $(BUILD)/proto/%.pb-c.h &: proto/%.proto
	$(call say,PROTO,$<)
	@mkdir -p $(@D)
	$(Q)protoc-c --proto_path=proto --c_out=$(BUILD)/proto $<

$(BUILD)/proto/%.o: $(BUILD)/proto/%.c
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: %.c $(BUILD)/flags | $(PROTO_HEADERS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Objects are rebuilt when the flags change.
.PHONY: force
$(BUILD)/flags: force
	@mkdir -p $(@D)
	@echo '$(CC) $(CPPFLAGS) $(CFLAGS)' | cmp -s - $@ || echo '$(CC) $(CPPFLAGS) $(CFLAGS)' > $@

define room_rule
$(BUILD)/lib/lib$(1).a: $(if $(filter proto,$(1)),$(PROTO_SOURCES:.c=.o),$(call room_objects,$(1)))
	@mkdir -p $$(@D)
	@rm -f $$@
	$(Q)$$(AR) qcs $$@ $$^
endef
$(foreach room,$(ROOMS),$(eval $(call room_rule,$(room))))

define program_rule
$(BUILD)/$(1): $(BUILD)/$($(1)_ROOM)/main.o $(LIBRARIES)
	$$(call say,LINK,$$@)
	$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$< -Wl,--start-group $(LIBRARIES) -Wl,--end-group $$(LDLIBS) $($(1)_LIBS)
endef
$(foreach program,$(PROGRAM_NAMES),$(eval $(call program_rule,$(program))))

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(LIBRARIES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(LIBRARIES) -Wl,--end-group -lcmocka $(LDLIBS) -Wl,--as-needed $(hook-controller_LIBS) $(archive_LIBS)

# A sample is built on its own, as its user would build it.
$(BUILD)/samples/smbios/onDefineDomain: samples/smbios/onDefineDomain.c
	$(call say,SAMPLE,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -Wall -Wextra -I/usr/include/libxml2 -o $@ $< -lxml2 -ljansson

# The manager as a library (manager/hookline.h): one object that exports only its own names, and what
# WRAP refers to.
MANAGER_LIBRARY_ROOMS := base proto rpc hooks hostpath domain annotations manager
$(BUILD)/lib/libhookline-manager.a: $(MANAGER_LIBRARY_ROOMS:%=$(BUILD)/lib/lib%.a)
	$(call say,LIB,$@)
	@rm -f $@
	$(Q)ld -r -o $(BUILD)/lib/hookline-manager.o --whole-archive $^
	$(Q)objcopy --wildcard --keep-global-symbol='hookline_*' --keep-global-symbol='__wrap_*' $(BUILD)/lib/hookline-manager.o
	$(Q)$(AR) rcs $@ $(BUILD)/lib/hookline-manager.o

$(BUILD)/man/%: docs/man/%.scd
	$(call say,MAN,$@)
	@mkdir -p $(@D)
	$(Q)scdoc < $< > $@

.PHONY: man
man: $(MAN_PAGES) ## build the man pages

.PHONY: install
install: all man ## install below DESTDIR and PREFIX
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin lib/pkgconfig include/hookline)
	install -m 755 $(PROGRAM_NAMES:%=$(BUILD)/%) $(DESTDIR)$(PREFIX)/bin
	ln -sf hookctl $(DESTDIR)$(PREFIX)/bin/kubectl-hookline
	ln -sf hookctl $(DESTDIR)$(PREFIX)/bin/kubectl_complete-hookline
	install -m 644 $(BUILD)/lib/libhookline-manager.a $(DESTDIR)$(PREFIX)/lib
	install -m 644 manager/hookline.h $(DESTDIR)$(PREFIX)/include/hookline/manager.h
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@LIBS@|$(LIBRARY_LIBS)|' \
	    manager/hookline-manager.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/hookline-manager.pc
	for page in $(MAN_PAGES); do \
	    install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; \
	done
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/,bash-completion/completions zsh/site-functions fish/vendor_completions.d)
	$(BUILD)/hookctl completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/hookctl
	$(BUILD)/hookctl completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_hookctl
	$(BUILD)/hookctl completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/hookctl.fish

.PHONY: unit
unit: $(UNIT_TESTS) ## build the unit tests

# Foreign peers for the tests: protobuf messages for Python, grpc-js for node.
$(BUILD)/python/%_pb2.py: proto/%.proto
	@mkdir -p $(@D)
	$(Q)protoc --proto_path=proto --python_out=$(BUILD)/python $<

build/peers/installed: tests/peers/package.json tests/peers/package-lock.json
	$(call say,NPM,$(@D))
	@mkdir -p $(@D)
	@cp $^ $(@D)
	$(Q)cd $(@D) && npm ci --loglevel=error --no-audit --no-fund >/dev/null && touch installed

# Drive kube/ and http/ against the servers and clients of the tests, and controller/ without a cluster.
DRIVERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/peers/*_driver.c))
$(DRIVERS): %: %.o $(LIBRARIES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(LIBRARIES) -Wl,--end-group $(LDLIBS) -Wl,--as-needed $(hook-controller_LIBS) $(archive_LIBS)

.PHONY: peers
peers: $(PROTOS:proto/%.proto=$(BUILD)/python/%_pb2.py) build/peers/installed $(DRIVERS) ## build the foreign peers for the tests

.PHONY: setup
setup: ## install the packages needed to build
	@deploy/install-packages build

.PHONY: demo
demo: ## install missing packages, build, and run the hooks of a VM here
	@samples/demo/run

INTEGRATION_TESTS := $(wildcard tests/integration/test_*.py)
# hook-launcher's domains beside KubeVirt's.
PARITY_TESTS := $(wildcard tests/parity/test_*.py)
TESTS ?= $(UNIT_TESTS) $(INTEGRATION_TESTS) $(PARITY_TESTS)

.PHONY: test
test: all unit peers ## run the tests (TESTS='…' selects some)
	HOOKLINE_BUILD=$(BUILD) tests/prove tests/exec 2 $(TESTS)

.PHONY: parity
parity: all ## compare hook-launcher's domains with KubeVirt's, and with those in PARITY=DIR
	@HOOKLINE_BUILD=$(BUILD) $(PYTHON) tests/parity/parity.py

HOSTILE := $(wildcard tests/hostile/attack_*.py)
# These wait most of the time: for back-offs, deadlines and clocks.
PATIENT := $(filter %certificates.py %requests.py,$(HOSTILE)) $(wildcard tests/hostile/attack_api_*.py tests/hostile/attack_clock*.py)
.PHONY: hostile
hostile: all peers ## attack the programs, or those of another build in PROGRAMS
	@$(MAKE) -j2 hostile-patient hostile-busy
.PHONY: hostile-patient hostile-busy
hostile-patient:
	HOOKLINE_BUILD=$(or $(PROGRAMS),$(BUILD)) tests/prove tests/exec 8 $(PATIENT)
hostile-busy:
	HOOKLINE_BUILD=$(or $(PROGRAMS),$(BUILD)) tests/prove tests/exec 1 $(filter-out $(PATIENT),$(HOSTILE))

SOAK_SECONDS ?= 600
.PHONY: soak
soak: all peers ## attack them in all ways at once for SOAK_SECONDS, beside honest work
	SOAK_SECONDS=$(SOAK_SECONDS) HOOKLINE_BUILD=$(or $(PROGRAMS),$(BUILD)) \
	    tests/prove tests/exec 1 tests/hostile/soak.py

.PHONY: sanitize
sanitize: ## run the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) BUILD=build/sanitize SANITIZE=address,undefined test

THREADED_TESTS := $(patsubst tests/unit/%.c,build/tsan/tests/unit/%,$(wildcard tests/unit/test_rpc_*.c tests/unit/test_manager_*.c tests/unit/test_http_acceptor.c tests/unit/test_http_server.c tests/unit/test_controller_metrics.c tests/unit/test_controller_server.c))
# Of these, hook-controller answers in several threads: a race ends it, and so fails the test.
THREADED_PROGRAM_TESTS ?= tests/integration/test_webhook_server.py
.PHONY: tsan
tsan: ## run the tests of threaded code under ThreadSanitizer
	@$(MAKE) BUILD=build/tsan SANITIZE=thread $(THREADED_TESTS) build/tsan/hook-controller
	TSAN_OPTIONS=suppressions=tests/tsan.supp tests/prove tests/exec 2 $(THREADED_TESTS)
	HOOKLINE_BUILD=build/tsan TSAN_OPTIONS=suppressions=tests/tsan.supp:halt_on_error=1 \
	    tests/prove tests/exec 1 $(THREADED_PROGRAM_TESTS)

# Not what starts children: valgrind turns vfork into fork, so that it is not known whether exec failed. Nor what starts
# itself again, or has no descriptors left, of which valgrind needs some.
.PHONY: valgrind
valgrind: unit ## run the unit tests under valgrind
	HOOKLINE_BUILD=$(BUILD) tests/prove 'tests/exec valgrind' 2 \
	    $(filter-out $(addprefix %/test_,base_subprocess base_keeper base_keep_link base_hash http_acceptor),$(UNIT_TESTS))

.PHONY: lint
lint: $(PROTO_HEADERS) ## run clang-format, clang-tidy, cppcheck, shellcheck and the house plan check
	@tests/lint/run $(CPPFLAGS) -std=gnu17

# The clang of the package list.
CLANG ?= $(firstword $(notdir $(wildcard $(addprefix /usr/bin/,clang-14 clang))) clang-14)
# One libFuzzer target for each parser of outside data.
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZ_SECONDS, two at a time
	@$(MAKE) BUILD=build/fuzz CC=$(CLANG) SANITIZE=fuzzer-no-link,address,undefined $(FUZZERS:%=build/fuzz/tests/fuzz/fuzz_%)
	@printf '%s\n' $(FUZZERS) | FUZZ_SECONDS=$(FUZZ_SECONDS) xargs -P 2 -n 1 tests/fuzz/run

$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(LIBRARIES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< -Wl,--start-group $(LIBRARIES) -Wl,--end-group $(LDLIBS) -Wl,--as-needed $(hook-controller_LIBS) $(archive_LIBS)

BENCH_RUNS ?= 40
.PHONY: bench
bench: all $(BUILD)/tests/bench/bench ## measure what docs/performance.md claims; JSON in build/bench.json
	@$(BUILD)/tests/bench/bench $(BUILD) build/bench.json $(BENCH_RUNS)
	@HOOKLINE_BUILD=$(BUILD) $(PYTHON) tests/bench/webhook.py build/bench.json
	@HOOKLINE_BUILD=$(BUILD) $(PYTHON) tests/bench/cluster.py build/bench.json
	@HOOKLINE_BUILD=$(BUILD) $(PYTHON) tests/bench/registry.py build/bench.json

$(BUILD)/tests/bench/bench: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench/*.c)) $(LIBRARIES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(LIBRARIES) -Wl,--end-group $(LDLIBS)

# The guest: a kernel and an initramfs, which contain nothing from the build.
build/e2e/initramfs: tests/e2e/guest/build tests/e2e/guest/init
	$(call say,GUEST,$@)
	$(Q)tests/e2e/guest/build build/e2e

.PHONY: e2e-boot
e2e-boot: ## install missing packages, and boot guests with hook-launcher
	@deploy/install-packages seal
	@$(MAKE) all build/e2e/initramfs
	HOOKLINE_BUILD=$(BUILD) tests/prove tests/exec 1 tests/e2e/test_boot.py tests/e2e/test_appliance_boot.py

build/e2e/helm/installed: tests/e2e/helm/package.json tests/e2e/helm/package-lock.json
	$(call say,NPM,$(@D))
	@mkdir -p $(@D)
	@cp $^ $(@D)
	$(Q)cd $(@D) && npm ci --loglevel=error --no-audit --no-fund >/dev/null && touch installed

# Keeps the comment at the head of each file.
.PHONY: webhooks
webhooks: $(BUILD)/hook-controller ## generate the webhook manifests from controller/webhook/webhooks.c
	@set -e; for file in base=1.27 overlays/kubevirt-since-1.28=1.28 overlays/standalone-since-1.28=1.28; do \
	    path=deploy/$${file%=*}/webhooks.yaml; \
	    { sed '/^[^#]/,$$d' $$path; $(BUILD)/hook-controller --print-webhooks=$${file#*=}; } >$(BUILD)/webhooks.yaml; \
	    mv $(BUILD)/webhooks.yaml $$path; \
	done

# Names and values alone, from KubeVirt's CustomResourceDefinition, as kubectl get crd -o json prints
# it.
VMI_CRD ?= ../shared/upstream/kubevirt/installed/crd-virtualmachineinstances.kubevirt.io.json
.PHONY: tables tables-vmi-fields
tables: tables-vmi-fields ## generate the committed tables of what KubeVirt's API knows
tables-vmi-fields:
	$(PYTHON) machine/tables/vmi_fields.py $(VMI_CRD) >$(BUILD)/vmi_fields.txt
	mv $(BUILD)/vmi_fields.txt machine/tables/vmi_fields.txt

.PHONY: images
images: all ## build the container images, as OCI archives in build/images
	@HOOKLINE_BUILD=$(BUILD) deploy/images/build

# Names and values alone, from what KubeVirt installs.
INSTANCETYPES ?= ../shared/upstream/instancetypes
.PHONY: tables tables-catalogue
tables: tables-catalogue
tables-catalogue:
	$(PYTHON) machine/tables/catalogue.py $(INSTANCETYPES)/common-clusterinstancetypes.yaml \
	    $(INSTANCETYPES)/common-clusterpreferences.yaml >$(BUILD)/catalogue.table.c
	mv $(BUILD)/catalogue.table.c machine/catalogue.table.c

# Names, types and values alone, from KubeVirt's CustomResourceDefinition.
VM_CRD ?= ../shared/upstream/crds/kubevirt.io_virtualmachines.yaml
.PHONY: tables tables-vm-fields
tables: tables-vm-fields
tables-vm-fields:
	$(PYTHON) appliance/tables/vm_fields.py $(VM_CRD) >$(BUILD)/fields.table.c
	mv $(BUILD)/fields.table.c appliance/fields.table.c

.PHONY: e2e
e2e: ## test on a cluster: PROVIDER=kind|existing|local, TESTS='…' selects some (tests/e2e/README.md)
	@HOOKLINE_BUILD=$(BUILD) tests/e2e/run $(filter tests/e2e/%,$(TESTS))

# The sanitized tests come last, so that their last line is the result of the whole run.
.PHONY: check
check: ## install missing packages, then run every check that needs no guest or cluster
	@deploy/install-packages check
	@$(MAKE) all unit peers
	@$(MAKE) lint
	@$(MAKE) fuzz FUZZ_SECONDS=5
	@$(MAKE) valgrind
	@$(MAKE) tsan
	@$(MAKE) test
	@$(MAKE) hostile
	@$(MAKE) soak SOAK_SECONDS=60
	@$(MAKE) sanitize

# At most five minutes, most of them once: the tree is kept.
.PHONY: debian13
debian13: ## build and test on Debian 13, in a tree made by debootstrap (needs root)
	@tests/debian/run trixie

.PHONY: clean
clean: ## remove build/
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.SECONDARY:
.DELETE_ON_ERROR:
