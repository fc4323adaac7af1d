# SPDX-License-Identifier: Apache-2.0
# The commands of the project. Thin: each installs what it needs and is missing (scripts/setup.sh), then calls meson or a script.
.DEFAULT_GOAL := help
.PHONY: help run test build install format lint asan memcheck bench fuzz soak box-soak box-v2 hints-score chaos chaos-soak webhook-soak dashboard-picture k8s-render k8s-build k8s-test k8s-shell k8s-draw scaling-measure scaling-check image image-test container-test clean

BUILD_DIR ?= build
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
SOAK_RUNS ?= 10000
SOAK_SECONDS ?= 600
CHAOS_SUBMISSIONS ?= 2000
K8S_SUBMISSIONS ?= 5000

help: ## say what there is (this)
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-17s %s\n' "$$name" "$$text"; done

run: ## install what is missing, build, serve on 127.0.0.1:2358, show a demonstration, keep serving
	@scripts/setup.sh build languages run
	@$(MAKE) --no-print-directory build
	@BUILD_DIR=$(BUILD_DIR) exec scripts/demo.sh

test: ## install what the tests need, run all of them
	@BUILD_DIR=$(BUILD_DIR) scripts/test.sh

build: $(BUILD_DIR)/build.ninja ## build/evalx and build/evalx-jail
	@ninja -C $(BUILD_DIR) -j $(JOBS)

$(BUILD_DIR)/build.ninja:
	@scripts/setup.sh build
	@meson setup $(BUILD_DIR) >/dev/null
	@echo "configured in $(BUILD_DIR)"

install: build ## install into PREFIX (/usr/local); DESTDIR is honoured
	@meson configure $(BUILD_DIR) -Dprefix=$(abspath $(PREFIX)) >/dev/null
	@meson install -C $(BUILD_DIR) --quiet
	@echo "installed into $(DESTDIR)$(abspath $(PREFIX)); to serve as a user of its own: useradd --system --home-dir /var/lib/evalx --shell /usr/sbin/nologin evalx"

format: ## format the C sources
	@scripts/setup.sh lint
	@git ls-files -co --exclude-standard -- 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]' ':!tests/sandbox/programs' ':!tests/e2e/programs' ':!tests/hints/programs' | xargs clang-format -i

lint: ## format, warnings of two compilers, clang-tidy, layers, headers, scripts
	@scripts/lint.sh

asan: ## all tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@BUILD_DIR=build-asan SANITIZE=address,undefined scripts/test.sh

memcheck: ## unit tests under ThreadSanitizer and valgrind
	@BUILD_DIR=$(BUILD_DIR) scripts/memcheck.sh

bench: ## measure, in ratios to what the machine can do
	@scripts/setup.sh build languages bench
	@$(MAKE) --no-print-directory build
	@BUILD_DIR=$(BUILD_DIR) bench/run.sh

fuzz: ## every fuzz target for FUZZ_SECONDS (60)
	@scripts/fuzz.sh $(FUZZ_SECONDS)

soak: build ## SOAK_SECONDS (600) of mixed load on a server: memory and descriptors stay flat
	@scripts/setup.sh languages test
	@SOAK_SECONDS=$(SOAK_SECONDS) BUILD_DIR=$(BUILD_DIR) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -c tests/pytest.ini --rootdir tests -s tests/soak

box-soak: build ## SOAK_RUNS (10,000) runs through one slot of the sandbox: nothing grows (as root)
	@$(BUILD_DIR)/tests/sandbox/soak $(BUILD_DIR)/evalx-jail $(BUILD_DIR)/tests/sandbox $(SOAK_RUNS)

box-v2: build ## all hostile programs on cgroup v2, under user-mode-linux (a quarter of an hour)
	@scripts/setup.sh languages test
	@V2_TIMEOUT=3600 tests/sandbox/v2.sh $(CURDIR)/tests/sandbox/on_cgroup_v2.sh $(abspath $(BUILD_DIR)) --durations=5

hints-score: ## how good the hints are, over all of tests/hints (two minutes); reports below build/hints
	@HINTS_CORPUS=all E2E=tests/hints BUILD_DIR=$(BUILD_DIR) scripts/test.sh

webhook-soak: build ## 2,000 webhooks to a receiver that fails three times in ten, from a server that is killed every few seconds (as root)
	@scripts/setup.sh languages test
	@BUILD_DIR=$(BUILD_DIR) WEBHOOK_SOAK=2000 /usr/bin/python3 -m pytest -c tests/pytest.ini --rootdir tests -q -s tests/e2e/test_webhooks_hostile.py -k nothing_is_lost

chaos: build ## CHAOS_SUBMISSIONS (2,000) submissions while processes are killed, stopped and cut off: nothing lost, nothing twice (as root)
	@scripts/setup.sh languages test
	@BUILD_DIR=$(BUILD_DIR) /usr/bin/python3 tests/chaos/chaos.py cluster --submissions $(CHAOS_SUBMISSIONS)
	@BUILD_DIR=$(BUILD_DIR) /usr/bin/python3 tests/chaos/chaos.py serve --submissions $$(($(CHAOS_SUBMISSIONS) / 4))

chaos-soak: build ## SOAK_SECONDS (600) of a steady load on api, workers and Redis: memory and descriptors stay what they were (as root)
	@scripts/setup.sh languages test
	@BUILD_DIR=$(BUILD_DIR) /usr/bin/python3 tests/chaos/chaos.py soak --seconds $(SOAK_SECONDS)

dashboard-picture: build ## docs/dashboard.png anew, from seven minutes of a real installation under a real Prometheus (as root)
	@scripts/setup.sh languages test deploy picture
	@BUILD_DIR=$(BUILD_DIR) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/deploy/scene.py docs/dashboard.png

k8s-render: ## deploy/kubernetes/deployment.yaml anew, from the minikube overlay
	@scripts/setup.sh deploy
	@BUILD_DIR=$(BUILD_DIR) deploy/kubernetes/render.sh

k8s-build: ## Kubernetes' control plane from its Go modules, once, for k8s-test (20 to 40 minutes, 5 GiB below ~/.cache/evalx-k8s)
	@scripts/setup.sh k8s
	@tests/k8s/build.sh

k8s-test: build k8s-build ## the autoscaler on a real control plane: 2 → 50 → 2 workers in a flood of K8S_SUBMISSIONS (5,000), twice (20 minutes; as root)
	@BUILD_DIR=$(BUILD_DIR) timeout --kill-after=90 3600 tests/k8s/rig.sh /usr/bin/python3 tests/k8s/run.py --count $(K8S_SUBMISSIONS)

k8s-shell: build k8s-build ## a shell, or K8S_COMMAND, with kubectl and helm on that control plane, evalx applied to it (as root)
	@BUILD_DIR=$(BUILD_DIR) tests/k8s/rig.sh /usr/bin/python3 tests/k8s/rig.py $(if $(K8S_COMMAND),bash -c '$(K8S_COMMAND)')

k8s-draw: ## docs/scaling-*.csv and .svg anew, from the last k8s-test
	@cp $(BUILD_DIR)/k8s/plain.csv docs/scaling-run.csv && tests/k8s/draw.py docs/scaling-run.csv docs/scaling-run.svg
	@cp $(BUILD_DIR)/k8s/faults.csv docs/scaling-faults.csv && tests/k8s/draw.py docs/scaling-faults.csv docs/scaling-faults.svg

scaling-measure: build ## what docs/scaling.md computes from, measured anew here, and its tables (three minutes; as root)
	@scripts/setup.sh languages test bench
	@ninja -C $(BUILD_DIR) bench/store_life >/dev/null
	@BUILD_DIR=$(BUILD_DIR) PYTHONDONTWRITEBYTECODE=1 bench/scaling/measure.py measure
	@bench/scaling/model.py --write docs/scaling.md

scaling-check: build ## predicts what 2, 8 and 32 workers carry from what one does, and holds them to it within 15 % (two minutes; as root)
	@scripts/setup.sh languages test
	@BUILD_DIR=$(BUILD_DIR) PYTHONDONTWRITEBYTECODE=1 bench/scaling/measure.py check

image: ## the two images of the Dockerfile, without Docker (deploy/image/build.sh; as root)
	@deploy/image/build.sh

image-test: build ## build both images, look into them, run them around a Redis (ten minutes, half a gigabyte of packages; as root)
	@BUILD_DIR=$(BUILD_DIR) tests/container/run.sh test_image.py

container-test: build ## the sandbox suite inside the worker's image, under containerd with the security settings of the manifests (as root)
	@BUILD_DIR=$(BUILD_DIR) tests/container/run.sh test_container.py

clean: ## remove what was built
	@rm -rf $(BUILD_DIR) build-asan build-tsan build-fuzz
