// Counterexamples of the rules about every extension layer: EXT-005, EXT-007 … EXT-011.
import {
  editEntry,
  editExtensionFiles,
  editFile,
  editLayerTree,
  layerFile,
  without,
  type CandidateImage,
  type Edit,
} from './candidate.ts'
import { asUpstream, inLayer, LAYER, toX86Elf, type Counterexample } from './counterexample.ts'

const SHIM = 'usr/local/bin/containerd-shim-spin-v2'
const OPAQUE = new Map([['trusted.overlay.opaque', Buffer.from('y')]])
const SELINUX = new Map([['security.selinux', Buffer.from('system_u:object_r:system_state_t:s0\0')]])
/** Of the superblock: the compressor, and the major version behind the minor one. */
const COMPRESSION_OFFSET = 20
const MAJOR_OFFSET = 28
const LZ4 = 5
/** siderolabs/extensions: a loader that 1.12 and newer let an extension bring. */
const LOADER = layerFile('usr/lib/ld-linux-aarch64.so.1', 'loader', { mode: 0o755 })

/** The squashfs of an extension as bytes. */
function editLayerBytes(image: CandidateImage, layer: string, edit: Edit<Uint8Array>): Promise<CandidateImage> {
  return editExtensionFiles(image, (files) => editFile(files, layer, edit))
}

function added(layer: string, ...files: readonly Parameters<typeof layerFile>[]): Counterexample['mutate'] {
  return inLayer(layer, (before) => [...before, ...files.map((file) => layerFile(...file))])
}

function withShimOf(mode: number): Counterexample['mutate'] {
  return inLayer(LAYER.spin, (files) => editEntry(files, SHIM, { mode }))
}

export const EXTENSION_LAYERS: readonly Counterexample[] = [
  {
    name: 'layer-of-gzip',
    violates: ['EXT-005'],
    because: 'the kernel of Talos mounts no squashfs of gzip: early boot ends here',
    mutate: async ({ image }) => ({
      image: await editLayerTree(image, LAYER.spin, (files) => files, { compression: 'gzip' }),
    }),
  },
  {
    name: 'layer-of-lz4',
    violates: ['EXT-005'],
    inconclusive: ['INI-006'],
    because: 'the kernel of Talos mounts no squashfs of lz4',
    mutate: async ({ image }) => ({
      image: await editLayerBytes(image, LAYER.spin, (bytes) => bytes.with(COMPRESSION_OFFSET, LZ4)),
    }),
  },
  {
    name: 'layer-of-squashfs-3',
    violates: ['EXT-005'],
    inconclusive: ['INI-006'],
    because: 'Linux has mounted 4.0 alone since 2.6.29',
    mutate: async ({ image }) => ({
      image: await editLayerBytes(image, LAYER.spin, (bytes) => bytes.with(MAJOR_OFFSET, 3)),
    }),
  },
  {
    name: 'layer-that-is-no-squashfs',
    violates: ['EXT-005', 'INI-006'],
    because: 'early boot ends here',
    mutate: async ({ image }) => ({
      image: await editLayerBytes(image, LAYER.spin, (bytes) => Buffer.alloc(bytes.length)),
    }),
  },
  {
    name: 'layer-file-of-uid-1000',
    violates: ['EXT-005'],
    because: 'squashed without -all-root: whoever has this uid on the node owns the shim',
    mutate: inLayer(LAYER.spin, (files) => editEntry(files, SHIM, { uid: 1000 })),
  },
  {
    name: 'layer-root-of-gid-100',
    violates: ['EXT-005'],
    because: 'squashed without -all-root: the root of the layer becomes that of the machine',
    mutate: inLayer(LAYER.spin, (files) => editEntry(files, '', { gid: 100 })),
  },
  {
    name: 'extension-with-etc-passwd',
    violates: ['EXT-007'],
    because: 'upstream’s validator refuses it, imager does not look',
    mutate: added(LAYER.spin, ['etc/passwd', 'root:x:0:0::/:/bin/sh\n']),
  },
  {
    name: 'extension-with-a-link-in-usr-bin',
    violates: ['EXT-007'],
    because: 'a link shadows a program of Talos as well as a file does',
    mutate: added(LAYER.spin, ['usr/bin/runc', '', { type: 'symlink', mode: 0o777, target: '/usr/local/bin/runc' }]),
  },
  {
    name: 'extension-beside-an-allowed-folder',
    violates: ['EXT-007'],
    because: 'usr/localized is not below usr/local, whatever a comparison of strings says',
    mutate: added(LAYER.spin, ['usr/localized/file', '']),
  },
  {
    name: 'extension-with-a-fifo',
    violates: ['EXT-007'],
    because: 'extensions bring files, directories and links',
    mutate: added(LAYER.spin, ['usr/local/share/pipe', '', { type: 'fifo' }]),
  },
  {
    name: 'extension-with-a-whiteout',
    violates: ['EXT-007'],
    because: 'to the overlay this device is an order: the file of Talos is gone',
    mutate: added(LAYER.spin, ['usr/local/share/gone', '', { type: 'character', device: { major: 0, minor: 0 } }]),
  },
  {
    name: 'extension-with-an-opaque-directory',
    violates: ['EXT-007'],
    because: 'the overlay hides all modules of Talos behind this directory',
    mutate: inLayer(LAYER.zfs, (files) => editEntry(files, 'usr/lib/modules', { xattrs: OPAQUE })),
  },
  {
    name: 'extension-with-the-loader-on-1-11',
    violates: ['EXT-007'],
    because: '1.12 and newer allow it, 1.11 does not',
    mutate: inLayer(LAYER.spin, (files) => [...files, LOADER]),
  },
  {
    name: 'extension-with-the-loader-on-1-13',
    violates: [],
    because: '1.12 and newer allow it',
    of: 'v1.13.9-spin-tailscale',
    mutate: inLayer(LAYER.spin, (files) => [...files, LOADER]),
  },
  {
    name: 'extension-with-labels',
    violates: [],
    because: 'a label of SELinux is no order to the overlay; empty directories may stand anywhere',
    mutate: inLayer(LAYER.spin, (files) => [
      ...files.map((file) => ({ ...file, xattrs: SELINUX })),
      layerFile('opt/spin', '', { type: 'directory', mode: 0o755 }),
    ]),
  },
  {
    name: 'module-index-with-a-program',
    violates: ['EXT-007'],
    because: 'nothing pins what imager makes: it must be the index and nothing else',
    mutate: added(LAYER.index, ['usr/local/bin/program', '#!', { mode: 0o755 }]),
  },
  {
    name: 'shim-of-mode-777',
    violates: ['EXT-008'],
    because: 'whoever may write to a copy of it runs code on the node',
    mutate: withShimOf(0o777),
  },
  { name: 'shim-setuid', violates: ['EXT-008'], because: 'every container would get root', mutate: withShimOf(0o4755) },
  { name: 'shim-setgid', violates: ['EXT-008'], because: 'the group of root', mutate: withShimOf(0o2755) },
  { name: 'shim-of-the-group', violates: [], because: 'root’s group alone may write', mutate: withShimOf(0o775) },
  {
    name: 'directory-of-mode-777',
    violates: [],
    because: 'imager drops the sticky bit of upstream’s 1777',
    mutate: inLayer(LAYER.spin, (files) => editEntry(files, 'usr/local/share', { mode: 0o777 })),
  },
  {
    name: 'file-of-two-extensions',
    violates: ['EXT-009'],
    because: 'the later layer hides the file of the earlier one',
    mutate: added(LAYER.zfs, [SHIM, 'another shim', { mode: 0o755 }]),
  },
  {
    name: 'directory-hidden-by-a-link',
    violates: ['EXT-009'],
    because: 'a link of tailscale where spin has a directory: spin’s shim is gone',
    mutate: added(LAYER.tailscale, ['usr/local/bin', '', { type: 'symlink', mode: 0o777, target: 'sbin' }]),
  },
  {
    name: 'shim-of-x86',
    violates: ['EXT-010'],
    because: 'exec format error, once the first workload starts',
    mutate: inLayer(LAYER.spin, (files) => editFile(files, SHIM, toX86Elf)),
  },
  {
    name: 'library-of-x86-in-a-container',
    violates: ['EXT-010'],
    because: 'the programs of the container do not start',
    of: 'v1.13.9-spin-tailscale',
    mutate: inLayer(LAYER.tailscale, (files) =>
      editFile(files, 'usr/local/lib/containers/tailscale/usr/lib/libmnl.so.0', toX86Elf),
    ),
  },
  {
    name: 'extension-without-anything',
    violates: ['EXT-011'],
    because: 'amdgpu has nothing for arm64: one inode, the root',
    mutate: inLayer(LAYER.firmware, (files) => without(files, 'usr')),
  },
  {
    name: 'extension-of-empty-directories',
    violates: ['EXT-011'],
    because: 'firmware alone leaves usr/lib behind; this brought nothing',
    mutate: inLayer(LAYER.firmware, (files) => [
      ...without(files, 'usr/lib'),
      layerFile('usr/local/bin', '', { type: 'directory', mode: 0o755 }),
    ]),
  },
  {
    name: 'firmware-extensions-without-firmware',
    violates: ['EXT-011'],
    because: 'the folders are left, and no firmware came out of them',
    mutate: async (sound) =>
      asUpstream(sound, await editExtensionFiles(sound.image, (files) => without(files, 'usr/lib/firmware'))),
  },
]
