#!/usr/bin/env bash
# Judges the image REFERENCE, as the variant VARIANT or the one of its label, in any CI. Exit 0 conforms, 1 a must fails, 2 it could
# not be judged. The program is TALOS_IMAGE, a checkout of talos-image-contract with its dependencies (npm ci).
set -euo pipefail
: "${REFERENCE:?expected the image, such as ghcr.io/you/talos-spin-only:v1.13.9}"
arguments=(--output junit=report/junit.xml --output sarif=report/contract.sarif --output html=report/page.html)
if [ -n "${VARIANT:-}" ]; then arguments+=("--variant=$VARIANT"); fi
exec node "${TALOS_IMAGE:-.talos-image}/scripts/bin.mjs" test "${arguments[@]}" -- "$REFERENCE"
