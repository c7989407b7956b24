#!/usr/bin/env bash
# Checks the pipeline, compiles it for Airflow and Prefect, runs a week of 2013 here and shows what came out.
set -euo pipefail
cd "$(dirname "$0")"

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; "$@"; }
[ -t 1 ] || say() { printf '\n$ %s\n' "$*"; "$@"; }

say flowstone check
say flowstone compile --target airflow
say flowstone compile --target prefect
say flowstone run --partitions 2013-01-01..2013-01-07

data="${FLOWSTONE_HOME:-.flowstone}/data"
say cat "$data/files/delay_report.md"
printf '\nThe picture of the trend: %s\n' "$(realpath "$data/files/delay_trend.png")"
printf 'The generated code:       %s\n' "$(realpath build)"
printf 'Run it again, and everything is reused: (cd %s && %s run --partitions 2013-01-01..2013-01-07)\n' "$PWD" "$(command -v flowstone)"
