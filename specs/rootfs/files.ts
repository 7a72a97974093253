// Files of Talos' root filesystem that rules read: siderolabs/talos Dockerfile (rootfs).
export const OS_RELEASE = 'etc/os-release'
export const SPDX = 'usr/share/spdx/talos-arm64.spdx.json'

/** Bounds of a text file and of an SPDX document. */
export const TEXT_BYTES = 64 << 10
export const SPDX_BYTES = 64 << 20
