# make demo   build SealDesk and open it with an embedded platform, both parties' keys and a mobile CA; PHONES=0.0.0.0:8444 lets real phones reach it
# make test   everything that must hold before a change lands
# make race   the same tests with everything under the race detector, the programs and the libraries that only calculate, too
# make interop   hold our work against other programs: the clean copy of Word documents, for the corpora in ../shared/corpora, and
#                in a table what we sign, in every combination of level and key, before pdfsig, mutool, qpdf, openssl, pyHanko and
#                the European Commission's DSS, and what they sign before us. Who is wrong, it says why; what nothing explains fails.
#                Without Python pyHanko is left out, and without Maven and a JDK DSS; it says so. The table goes to dist/interop.md too
# make bench   measure SealDesk beside other programs, each TRIALS=3 times, and write the table to dist/bench.md; about half an hour.
#                BENCH=-million adds what the platform does with a million contracts in it, which takes longer
# make fuzz   run every fuzz target for a while, two at a time on a small machine; FUZZTIME=10m for ten minutes each
# make soak   sign and send contracts while line, programs and disk fail; RUNS=1000 SEED=1, and a loss names the seed that shows it
# make faults   fail every write, sync and rename of signing, outbox and uploads, and every call over HTTP, in turn
# make packages   what is handed to people, of this commit, in dist/: Debian and RPM packages, the Windows installer, archives, bills of materials
# make packages-check   install and start what make packages made in clean roots, and build it once more; it needs root and takes long
# make help   the guides as HTML, in dist/help
# make mutants   take the verifier's rules and the outbox's steps out, one at a time, and see that a test fails; half an hour on a small machine
# make cover   how many of the ways in which signer, token and outbox branch their tests go, by packages; MISSING=signer/cms/ tells
#              which ways of the files with such a path no test goes
# make pictures   take the README's and the guide's pictures anew, from the tests that work the window and the phone
GO      ?= go
# x11: without it Fyne talks Wayland, where Chinese input methods do not reach the window.
TAGS    := x11
RELEASE := $(TAGS),migrated_fynedo,no_emoji
FUZZTIME ?= 1m
RUNS    ?= 1000
SEED    ?= 1
TRIALS  ?= 3
PHONES  ?= 127.0.0.1:8444
# Code that only calculates, of others and our reader of PDF: what it does to memory is not watched in make test, of whose time it would be
# half. None of it orders goroutines by more than a mutex, nor makes generic types that do: the linker might take its copy of them for
# everybody. make race watches it, too.
UNWATCHED := modernc.org/sqlite/lib golang.org/x/image/... \
	github.com/go-text/typesetting/harfbuzz github.com/go-text/typesetting/font/... github.com/go-text/render github.com/srwiley/... \
	compress/flate image image/color image/draw image/png sealdesk/signer/pdf
WATCHED := -race $(foreach p,$(UNWATCHED),'-gcflags=$(p)=-race=0 -d=checkptr=0')
BUILD   := $(GO) build -trimpath -tags $(RELEASE) -ldflags "-s -w"

.PHONY: demo build phone phone-app test test-packages test-programs race interop peers openapi bench fuzz soak faults mutants cover pictures packages packages-check help check deps-demo deps-test deps-bench deps-interop deps-packages generate clean

demo: deps-demo build
	@ORDER=$(ORDER) PHONES=$(PHONES) sh packaging/demo.sh

build:
	$(BUILD) -o bin/ ./cmd/...

deps-demo deps-test deps-bench deps-interop deps-packages: deps-%:
	@sh packaging/deps.sh $*

# The phone's npm packages, as the lock file has them. Only tests and whoever changes the app need them.
phone: deps-test platformapi/mobileca/phone/node_modules/.package-lock.json

platformapi/mobileca/phone/node_modules/.package-lock.json: platformapi/mobileca/phone/package-lock.json
	cd platformapi/mobileca/phone && npm ci --silent --no-fund --no-audit && npm run -s check

# The phone's web app, from its sources; what comes out is committed, and a test compares.
phone-app: phone
	cd platformapi/mobileca/phone && npm run -s check && npm run -s build

# All side by side: the windows' and the programs' tests wait for windows and servers most of the time. check looks at the tests, too, so
# that go test need not.
test: deps-test phone
	@$(MAKE) --no-print-directory -j3 check test-packages test-programs

# Without the second that the race detector sleeps at every program's end, of which there are hundreds: a race is told when it happens.
test-packages:
	GORACE=atexit_sleep_ms=0 $(GO) test $(WATCHED) -vet off -tags $(TAGS) -timeout 14m ./platformapi/... ./ui/desk/... ./packaging/... ./signer/... ./token/... ./assets/...

# What Fyne is in: it asks its objects on one goroutine only, and takes four minutes of the processor to build once more for the race detector.
# One more at a time than there are processors, since many wait; those that do it longest begin first.
BESIDE := $(shell expr 1 + $$(getconf _NPROCESSORS_ONLN))
test-programs:
	$(GO) test -vet off -tags $(TAGS) -p $(BESIDE) -timeout 14m ./cmd/sealdesk ./cmd/sealctl ./cmd/... ./ui/pages/... ./ui/theme/... ./ui/widgets/...

# Everything under the race detector, the programs and the pages, too, which takes them several times as long.
race: deps-test phone
	GORACE=atexit_sleep_ms=0 $(GO) test -race -tags $(TAGS) -timeout 30m ./...

# pyHanko and DSS, each only where what it needs is there; without it is told and left out.
peers:
	@sh packaging/interop/pyhanko.sh $(CURDIR)/.cache/pyhanko || true
	@sh packaging/interop/dss.sh $(CURDIR)/.cache/dss || true

interop: deps-interop peers
	python=$(CURDIR)/.cache/pyhanko/bin/python; test -x $$python || python=; \
	SEALDESK_PYHANKO=$$python $(GO) test -count=1 -v -run Interop ./signer/cleancopy/docx ./cmd/internal/demo
	@mkdir -p dist
	$(GO) run ./packaging/interop -o dist/interop.md

# The platform's and the mobile CA's descriptions, before a linter (npm's).
openapi:
	npx --yes @redocly/cli@2.77.0 lint --config platformapi/redocly.yaml platformapi/openapi.yaml platformapi/mobileca/openapi.yaml

bench: deps-bench peers
	@mkdir -p dist
	$(GO) run ./packaging/bench -runs $(TRIALS) $(BENCH) -o dist/bench.md

fuzz: deps-test
	$(GO) run ./packaging/fuzz -tags $(TAGS) -time $(FUZZTIME)

soak:
	@mkdir -p bin
	$(GO) build -o bin/platformd ./cmd/platformd
	$(GO) run ./packaging/soak -runs $(RUNS) -seed $(SEED) -platformd bin/platformd

faults:
	SEALDESK_FAULTS=all $(GO) test -count=1 -v -timeout 60m -run AtEvery ./packaging/faults

mutants:
	$(GO) run ./packaging/mutants -explained packaging/mutants/explained.tsv ./platformapi/outbox ./signer/verify

cover: deps-test
	$(GO) run ./packaging/cover -tags $(TAGS) -missing '$(MISSING)' ./signer/... ./token/... ./platformapi/outbox/...

pictures: deps-test phone
	@GO="$(GO)" TAGS="$(TAGS)" sh packaging/pictures.sh

packages: deps-packages
	$(GO) run ./packaging/release -o dist

help:
	$(GO) run ./packaging/help -o dist/help

packages-check: deps-packages
	@sh packaging/check/run.sh dist

check:
	@out=$$(gofmt -l cmd ui token signer platformapi assets packaging); test -z "$$out" || { echo "gofmt would change:"; echo "$$out"; exit 1; }
	$(GO) vet -tags $(TAGS) ./...
	$(GO) tool staticcheck -tags $(TAGS) ./...
	GOOS=windows GOARCH=386 CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/tokenhost

generate:
	$(GO) generate ./...

clean:
	rm -rf bin dist
