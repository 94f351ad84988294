# Everything goes through here: people, CI and the Dockerfile. CMake presets do the building, each
# in build/PRESET.

JOBS := $(shell nproc)
SOURCES = $(shell find $(wildcard base protocol config storage cluster server tests) \
            -name node_modules -prune -o \( -name '*.cc' -o -name '*.h' \) -print)
TIDY_FLOORS := base|protocol|config|storage|cluster|server
FUZZ_SECONDS := 60
SEEDS := 100000
# For the server of `make run`, as in ARGS='--port 7000', and for `make bench`.
ARGS :=

CTEST = ctest --output-on-failure --no-tests=error -j $(JOBS) --test-dir
PACKAGES = scripts/install-packages.sh

# ninja runs things in parallel; apt must not.
.NOTPARALLEL:
.PHONY: build run test bench bench-hits fuzz simulate asan tsan clang tidy format format-check docs clean setup \
        packages-build packages-test packages-check npm

build: packages-build build/release/build.ninja
	cmake --build build/release -j $(JOBS)

run: packages-build build/release/build.ninja
	cmake --build build/release -j $(JOBS) --target strata-server
	exec build/release/strata-server $(ARGS)

test: packages-test npm build/release/build.ninja
	cmake --build build/release -j $(JOBS)
	$(CTEST) build/release

bench: packages-test build/release/build.ninja
	cmake --build build/release -j $(JOBS)
	/usr/bin/python3 -B tests/bench/bench.py $(or $(ARGS),--write)

# Misses under the adaptive eviction and other policies; ARGS names the folders of traces.
bench-hits: packages-test build/release/build.ninja
	cmake --build build/release -j $(JOBS) --target bench_hits
	build/release/bench_hits $(ARGS)

# AddressSanitizer and UndefinedBehaviorSanitizer.
asan: packages-test build/asan/build.ninja
	cmake --build build/asan -j $(JOBS) --target unit_tests
	UBSAN_OPTIONS=print_stacktrace=1 $(CTEST) build/asan -L unit

# ThreadSanitizer; setarch because it cannot map its shadow where addresses are too random.
tsan: packages-test build/tsan/build.ninja
	cmake --build build/tsan -j $(JOBS)
	TSAN_OPTIONS=halt_on_error=1 setarch -R $(CTEST) build/tsan -L tsan

# The other compiler, and its analysis of which lock guards what.
clang: packages-check packages-test build/clang/build.ninja
	cmake --build build/clang -j $(JOBS)

# Raft and partitions in their simulators, and all the faults that these must find.
simulate: packages-build build/release/build.ninja
	cmake --build build/release -j $(JOBS) --target raft_simulator partition_simulator
	build/release/raft_simulator 1 $(SEEDS)
	build/release/partition_simulator 1 $(SEEDS)
	STRATA_BUILD=build/release /usr/bin/python3 -B tests/sim/faults_test.py raft --all
	STRATA_BUILD=build/release /usr/bin/python3 -B tests/sim/faults_test.py partition --all

fuzz: packages-check build/fuzz/build.ninja
	cmake --build build/fuzz -j $(JOBS)
	scripts/run-fuzzers.sh build/fuzz $(FUZZ_SECONDS)

tidy: clang
	run-clang-tidy -quiet -p build/clang -j $(JOBS) '$(CURDIR)/($(TIDY_FLOORS))/'

format: packages-check
	@clang-format -i $(SOURCES)

format-check: packages-check
	@clang-format --dry-run --Werror $(SOURCES)

# What is generated from the tables in the code.
docs: packages-build build/release/build.ninja
	cmake --build build/release -j $(JOBS) --target strata-docs
	build/release/strata-docs .

setup: packages-build packages-test packages-check npm

clean:
	rm -rf build tests/node_modules

packages-build:
	@$(PACKAGES) build runtime

packages-test:
	@$(PACKAGES) build runtime test

packages-check:
	@$(PACKAGES) build check

build/%/build.ninja: CMakePresets.json | packages-build
	cmake --preset $*
	@touch $@

npm: tests/node_modules/.package-lock.json
tests/node_modules/.package-lock.json: tests/package-lock.json | packages-test
	cd tests && npm ci --no-audit --no-fund
	@touch $@
