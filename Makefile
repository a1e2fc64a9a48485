# Two commands: `make run` builds and starts Volumeter, `make test` proves it. Both install
# what they need from Debian's packages and stand thinly over CMakePresets.json.

.PHONY: run build demo demo-incident test test-vm test-matrix test-program check-fast lint bench asan tsan tidy \
  fuzz format docs goldens check-layers clean

run: build
	./build/release/exporter/volumeter $(ARGS)

build:
	scripts/install-packages build
	cmake --preset release
	cmake --build --preset release

# A host on which things go wrong when asked to: deploy/demo/README.md. Ctrl-C removes it.
demo: build
	scripts/install-packages demo
	deploy/demo/demo.py $(ARGS)

# In a second terminal; without NAME lists what can go wrong.
demo-incident:
	deploy/demo/demo.py $(ARGS) incident $(NAME)

# The tests in C++ run under sanitizers, those of a real host with the program of `make run`.
test: test-program
	cmake --preset asan
	cmake --build --preset asan
	ctest --preset asan
	ctest --preset test

# Of the rings of tests only the one in a virtual machine.
test-vm: test-program
	ctest --preset test -L vm

# Other engines, kernels and Prometheus servers: tests/matrix/README.md. PART=engines runs those rows,
# ONLY=docker-28-containerd one of them. As root.
test-matrix: test-program
	tests/matrix/matrix.py $(if $(PART),--part $(PART)) $(if $(ONLY),--only $(ONLY))

# What takes seconds to test, three minutes after a fresh clone: lint, unit tests, recorded hosts.
check-fast: lint
	cmake --preset fast
	cmake --build --preset fast
	ctest --preset fast

lint:
	scripts/install-packages build test
	scripts/lint

asan tsan:
	scripts/install-packages build test
	cmake --preset $@
	cmake --build --preset $@
	ctest --preset $@

tidy: build
	scripts/install-packages test
	scripts/tidy build/release

# Ratios to peers in the same run; half an hour on a quiet machine, as root.
bench: test-program
	scripts/install-packages bench
	build/release/bench/bench_exposition
	bench/bpf.sh build/release/bench/bench_bpf
	VOLUMETER=build/release/exporter/volumeter bench/scrape.py
	VOLUMETER=build/release/exporter/volumeter bench/volumes.py
	bench/walk.py --build build/release --cold
	build/release/bench/bench_writer
	VOLUMETER=build/release/exporter/volumeter bench/budget.py

test-program:
	scripts/install-packages build test
	cmake --preset test
	cmake --build --preset test

fuzz:
	scripts/install-packages build test
	cmake --preset asan
	cmake --build --preset asan
	scripts/fuzz build/asan $(or $(SECONDS_EACH),60)

check-layers:
	scripts/check-layers

format:
	git ls-files '*.h' '*.cpp' | xargs clang-format-14 -i

# What is made from the program and committed.
docs: build
	./build/release/exporter/volumeter --list-metrics > docs/metrics.md
	./build/release/exporter/volumeter --list-flags > docs/flags.md

goldens: build
	scripts/update-goldens build/release/exporter/volumeter

clean:
	rm -rf build
