# drydock: `make run` shows it, `make test` proves it.

GO      ?= go
BIN     := bin
CACHE   := .cache
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)

# Debian packages that the tests talk to, and the command that shows each is there.
TEST_PACKAGES := snmp:snmpget snmpd:/usr/sbin/snmpd snmptrapd:/usr/sbin/snmptrapd curl:curl lftp:lftp atftp:atftp atftpd:/usr/sbin/atftpd \
	tftp-hpa:tftp busybox:busybox smitools:smilint postgresql-15:/usr/lib/postgresql/15/bin/postgres strace:strace iproute2:ip \
	rauc:rauc swupdate:swupdate squashfs-tools:mksquashfs dbus-daemon:dbus-daemon openssl:openssl nftables:/usr/sbin/nft chromium:chromium

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: help
help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.PHONY: build
build: page ## static binaries into bin/, with the page where Node.js is there
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/...

# The page: what it is built from, and what npm leaves when it has installed.
PAGE         := web/dist/index.html
PAGE_SOURCES := $(shell find web/src web/public web/index.html web/*.json web/*.ts -type f 2>/dev/null)
NPM_DONE     := web/node_modules/.package-lock.json
HAVE_NODE    := $(shell command -v npm)

.PHONY: page
ifneq ($(HAVE_NODE),)
page: $(PAGE) ## build the page into web/dist
else
page:
	@echo "Node.js is not here: the binary is built without the page, which needs Node.js 20.19 or newer"
endif

$(NPM_DONE): web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel error
	@touch $@

$(PAGE): $(NPM_DONE) $(PAGE_SOURCES)
	find web/dist -mindepth 1 ! -name .keep -delete
	cd web && npm run --silent build

TYPES := web/src/api/schema.d.ts
OPENAPI := $(CACHE)/openapi.json
GENERATE_TYPES = $(GO) run ./tools/openapi > $(OPENAPI) && cd web && npx openapi-typescript ../$(OPENAPI) -o
.PHONY: types
types: $(NPM_DONE) ## generate the page's types from the API
	@mkdir -p $(CACHE)
	$(GENERATE_TYPES) ../$(TYPES)

.PHONY: client
client: ## generate the Go client's methods from the API
	$(GO) run ./tools/client

.PHONY: types-fresh
types-fresh: $(NPM_DONE)
	@mkdir -p $(CACHE)
	@($(GENERATE_TYPES) ../$(CACHE)/schema.d.ts) >$(CACHE)/types.log 2>&1 || { cat $(CACHE)/types.log; exit 1; }
	@cmp -s $(TYPES) $(CACHE)/schema.d.ts || { echo "$(TYPES) is not what the API says: make types"; exit 1; }

.PHONY: page-test
ifneq ($(HAVE_NODE),)
page-test: build types-fresh ## the page in Debian's Chromium against the real binary; pictures in .cache/screens
	cd web && npm run --silent check && npm test --silent
else
page-test:
	@echo "Node.js is not here: the page is not tested"; $(if $(wildcard ../shared),exit 1,true)
endif

.PHONY: screenshots
screenshots: build ## take the pictures of README.md from the real page
	cd web && node test/screenshots.mjs ../docs/images

.PHONY: run
run: build ## the main job: server, page and simulated fleet on loopback, updated before your eyes; ends with Ctrl-C
	$(BIN)/drydock demo --hold $(DEMO)

.PHONY: test
test: test-setup vet ## everything that proves drydock works, with the race detector
	DRYDOCK_TEST_NO_SKIP=$(if $(wildcard ../shared),1,) $(GO) test -race -p 3 -parallel 4 -timeout 14m ./...
	@$(MAKE) --no-print-directory page-test
	@$(MAKE) --no-print-directory agent AGENT_TARGETS='$(filter-out mipsle%,$(AGENT_TARGETS))' # mipsle is mips once more

.PHONY: test-setup
test-setup: ## install the foreign clients and servers that tests talk to
	@tools/test-setup $(TEST_PACKAGES)

.PHONY: vet
vet: ## gofmt and go vet
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted, run gofmt -w:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...

.PHONY: lint
lint: vet ## vet, staticcheck, and govulncheck where its database can be reached
	$(GO) run $(STATICCHECK) ./...
	@GOBIN=$(CURDIR)/$(CACHE) $(GO) install $(GOVULNCHECK)
	@$(CACHE)/govulncheck ./... || { [ $$? -ne 3 ] && echo "govulncheck: its database cannot be reached from here"; }

.PHONY: bench
bench: build bench-load ## measure against the peers and DESIGN.md's figures; prints Markdown tables
	$(GO) run ./bench/tftp
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 20m ./internal/engine/local
	$(GO) test -run '^$$' -bench . ./internal/migrate ./internal/store
	$(GO) test -run '^$$' -bench Traps -benchtime 3x ./internal/snmp

.PHONY: bench-load
bench-load: build ## 10,000 devices in one campaign with the server killed in the middle; 200 against a shell script
	$(GO) run ./bench/load -devices 10000 -in-flight 1000 -rate 50
	$(GO) run ./bench/load -devices 200 -quirks '' -script 50

.PHONY: bench-page
bench-page: build ## the page's figures with 100,000 devices, in Debian's Chromium; prints Markdown tables
	cd web && node bench/page.mjs

SOAK ?= 60m
.PHONY: soak
soak: build ## SOAK=60m of 10,000 devices with random faults and kills; then the kill test and the lossy transfers at length
	$(GO) run ./bench/load -devices 10000 -in-flight 1000 -faulty 5 -soak $(SOAK)
	DRYDOCK_SOAK=1 $(GO) test -timeout 60m -count 1 ./test/...

FUZZTIME ?= 60s
.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME
	@tools/fuzz $(FUZZTIME)

# The equipment's binary: GOARCH, what Go needs besides, and Debian's name of the architecture.
AGENT_TARGETS := amd64::amd64 arm64::arm64 arm:GOARM=7:armhf mips:GOMIPS=softfloat:mips mipsle:GOMIPS=softfloat:mipsel
AGENT_LIMIT   := 12000000

.PHONY: agent
agent: ## drydock-agent for every architecture, each under 12 MB
	@for target in $(AGENT_TARGETS); do \
		arch=$${target%%:*}; rest=$${target#*:}; \
		env CGO_ENABLED=0 GOOS=linux GOARCH=$$arch $${rest%%:*} $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/agent/drydock-agent-$$arch ./cmd/drydock-agent || exit 1; \
		size=$$(stat -c %s $(BIN)/agent/drydock-agent-$$arch); echo "drydock-agent-$$arch $$size"; \
		if [ $$size -ge $(AGENT_LIMIT) ]; then echo "drydock-agent-$$arch has $$size octets: at most $(AGENT_LIMIT) are allowed"; exit 1; fi; \
	done

DEB_VERSION ?= $(shell git describe --tags --always 2>/dev/null | sed 's/^v//; s/^[^0-9]/0~&/')
.PHONY: deb
deb: agent ## Debian packages of drydock-agent into bin/
	@for target in $(AGENT_TARGETS); do \
		arch=$${target%%:*}; tools/deb-agent $(BIN)/agent/drydock-agent-$$arch $${target##*:} $(DEB_VERSION) $(BIN) || exit 1; \
	done

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BIN) $(CACHE)
