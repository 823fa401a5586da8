# Every command a person needs. What is done already is skipped.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup run test build release fmt lint unit backend-test e2e deny sqlx bench clean-tools

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what building and testing needs and is not there yet
	@scripts/setup test

run: ## set up, build and serve http://127.0.0.1:3000 with demo data (ARGS="--addr 127.0.0.1:4000" for more)
	@scripts/setup run
	@scripts/build quick
	@exec target/quick/strata serve --demo $(ARGS)

test: ## everything: format, lints, unit, backend and browser tests; ends with one line of counts
	@scripts/test

build: ## the browser part and the binary, quick to build: target/site, target/quick/strata
	@scripts/setup run
	@scripts/build quick

release: ## the same, small and fast, in minutes: target/site-release, target/release/strata
	@scripts/setup run
	@scripts/build release

fmt: ## format all Rust code
	@cargo fmt --all

lint: ## format check, clippy for the host and for the browser, types of the browser tests
	@scripts/test fmt clippy clippy-wasm domain-is-pure types

unit: ## the domain's tests: no database, seconds (ARGS=name for some)
	@cargo test --profile quick -p strata-domain $(ARGS)

backend-test: ## all Rust tests, against a throw-away PostgreSQL (ARGS="-p strata-backend name" for some)
	@scripts/rust-tests $(ARGS)

e2e: ## the browser tests, headless (PLAYWRIGHT_ARGS="story --headed" for more)
	@scripts/test e2e

deny: ## licences, sources, duplicates and advisories of all dependencies
	@scripts/test deny advisories

bench: ## times and memory of rules, plans and the editor in large topologies, against their targets (ARGS=--quick for rough figures)
	@scripts/setup test
	@scripts/bench $(ARGS)

sqlx: ## write .sqlx anew from the queries in the code, with a throw-away PostgreSQL
	@scripts/setup sqlx
	@scripts/with-postgres scripts/prepare-queries

clean-tools: ## remove what setup put into the project
	@rm -rf .tools end2end/node_modules target/tools
