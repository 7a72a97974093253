// The boot files of an asset tree, as Talos' imager and the seed of this project name them.

/** The tree in an asset image; `dir:` references name it directly. */
export const ASSET_ROOT = 'assets/talos/arm64'

export const KERNEL = 'boot/vmlinuz'
export const INITRAMFS = 'boot/initramfs.xz'
export const COMMAND_LINE = 'boot/cmdline'
