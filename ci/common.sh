# Sourced by every script here: stop at the first failure, and run from the repository's root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
