// Files of Talos' root filesystem that rules read: siderolabs/talos Dockerfile (rootfs).
export const SPDX = 'usr/share/spdx/talos-arm64.spdx.json'

/** Bound of an SPDX document. */
export const SPDX_BYTES = 64 << 20
