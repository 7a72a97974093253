// Counterexamples of the rules about what an extension is and must not be: EXT-004, EXT-017, INI-006.
import {
  cpioFile,
  editEntry,
  editExtensionFiles,
  editFile,
  editLayerTree,
  editText,
  fileAt,
  layerFile,
  readGolden,
  without,
  type CandidateImage,
  type Edit,
  type LayerFile,
} from './candidate.ts'
import { asUpstream, inLayer, LAYER, type Counterexample } from './counterexample.ts'

const SHIM = 'usr/local/bin/containerd-shim-spin-v2'
const ICE = 'usr/lib/firmware/intel/ice/ddp/ice.pkg'
const SERVICE = `name: tailscale
container:
  entrypoint: /vpn
restart: always
`

function documentOf(name: string): string {
  return JSON.stringify({ spdxVersion: 'SPDX-2.3', name, packages: [{ name, versionInfo: 'v0.21.0' }] })
}

/** A trace in a layer of the variant that must not have tailscale, as if upstream had it. */
function trace(what: string, because: string, layer: string, ...files: readonly LayerFile[]): Counterexample {
  return {
    name: `tailscale-left-as-${what}`,
    violates: ['EXT-004'],
    because,
    of: 'v1.11.5-spin-only',
    mutate: inLayer(layer, (before) => [...before, ...files]),
  }
}

/** Files of a layer changed, and the lock as it was. */
function changed(layer: string, edit: Edit<readonly LayerFile[]>): Counterexample['mutate'] {
  return async ({ image }) => ({ image: await editLayerTree(image, layer, edit) })
}

/** ice.pkg in the layer where it came from. */
async function withFirmwareInLayer(image: CandidateImage): Promise<CandidateImage> {
  let firmware: Uint8Array = new Uint8Array(0)
  await editExtensionFiles(image, (files) => {
    firmware = fileAt(files, ICE).data ?? firmware
    return files
  })
  return editLayerTree(image, LAYER.firmware, (files) => [...files, layerFile(ICE, firmware)])
}

export const EXTENSION_CONTENT: readonly Counterexample[] = [
  trace(
    'a-program',
    'a worker that can join the VPN',
    LAYER.spin,
    layerFile('usr/local/bin/tailscale', '#!', { mode: 0o755 }),
  ),
  trace('a-folder', 'the remains of its container', LAYER.zfs, {
    ...layerFile('usr/local/lib/containers/tailscale', '', { type: 'directory', mode: 0o755 }),
  }),
  trace(
    'a-link',
    'the program under another name',
    LAYER.spin,
    layerFile('usr/local/bin/vpn', '', { type: 'symlink', mode: 0o777, target: '/opt/tailscaled' }),
  ),
  trace(
    'a-service',
    'its service under another file name',
    LAYER.zfs,
    layerFile('usr/local/etc/containers/vpn.yaml', SERVICE),
  ),
  trace(
    'an-sbom',
    'what was scanned is not what is there',
    LAYER.spin,
    layerFile('usr/local/share/spdx/vpn.spdx.json', documentOf('tailscale')),
  ),
  trace(
    'an-sbom-by-name',
    'what was scanned is not what is there',
    LAYER.spin,
    layerFile('usr/local/share/spdx/tailscale.spdx.json', documentOf('spin')),
  ),
  {
    name: 'gateway-image-on-a-worker',
    violates: ['EXT-002', 'EXT-004', 'EXT-015'],
    because: 'the one mistake that the two variants make possible',
    of: 'v1.11.5-spin-only',
    mutate: async () => ({ image: await readGolden('v1.11.5-spin-tailscale') }),
  },
  {
    name: 'spin-with-a-byte-changed',
    violates: ['EXT-017'],
    because: 'it runs, and it is not what upstream signed',
    mutate: changed(LAYER.spin, (files) => editText(files, 'etc/cri/conf.d/10-spin.part', (text) => `${text}\n`)),
  },
  {
    name: 'spin-with-a-file-more',
    violates: ['EXT-017'],
    because: 'nobody released it',
    mutate: changed(LAYER.spin, (files) => [...files, layerFile('usr/local/bin/backdoor', '#!', { mode: 0o755 })]),
  },
  {
    name: 'zfs-with-a-file-less',
    violates: ['EXT-017'],
    because: 'volumes have no nodes under /dev/zvol',
    mutate: changed(LAYER.zfs, (files) => without(files, 'usr/lib/udev/rules.d/60-zvol.rules')),
  },
  {
    name: 'zfs-with-a-link-for-a-file',
    violates: ['EXT-017'],
    because: 'zpool is another program now',
    mutate: changed(LAYER.zfs, (files) =>
      files.map(({ data, ...file }) =>
        file.path === 'usr/local/sbin/zpool'
          ? { ...file, type: 'symlink', target: 'zfs' }
          : { ...file, ...(data && { data }) },
      ),
    ),
  },
  {
    name: 'zfs-with-a-link-elsewhere',
    violates: ['EXT-017'],
    because: 'every program of zfs loads another library',
    mutate: changed(LAYER.zfs, (files) => editEntry(files, 'usr/local/lib/libzfs.so.6', { target: 'libzfs.so' })),
  },
  {
    name: 'hard-link-that-imager-emptied',
    violates: ['EXT-017'],
    because: 'imager of every release makes an empty file of a hard link',
    mutate: changed(LAYER.zfs, (files) => editFile(files, 'usr/local/sbin/mount.zfs', () => new Uint8Array(0))),
  },
  {
    name: 'spin-with-other-modes',
    violates: [],
    because: 'imager changes modes on its way; what is wrong with a mode, other rules say',
    mutate: changed(LAYER.spin, (files) => editEntry(files, SHIM, { mode: 0o555 })),
  },
  {
    name: 'firmware-with-a-tail',
    violates: ['EXT-017'],
    because: 'imager does not cut what it overwrites: a shorter file keeps the end of another extension’s longer one',
    mutate: async ({ image }) => ({
      image: await editExtensionFiles(image, (files) =>
        editFile(files, ICE, (bytes) => Buffer.concat([bytes, Buffer.from('AAAA')])),
      ),
    }),
  },
  {
    name: 'firmware-missing',
    violates: ['EXT-017'],
    because: 'the network card works in safe mode, one queue',
    mutate: async ({ image }) => ({ image: await editExtensionFiles(image, (files) => without(files, ICE)) }),
  },
  {
    name: 'firmware-of-nobody',
    violates: ['EXT-017'],
    because: 'the kernel loads it, and no extension brought it',
    mutate: async ({ image }) => ({
      image: await editExtensionFiles(image, (files) => [
        ...files,
        cpioFile('usr/lib/firmware/regulatory.db', 'firmware'),
      ]),
    }),
  },
  {
    name: 'firmware-left-in-a-layer-too',
    violates: ['INI-006'],
    because: 'it is there twice; init shows the machine that of the initramfs alone',
    mutate: async (sound) => asUpstream(sound, await withFirmwareInLayer(sound.image)),
  },
  {
    name: 'firmware-left-in-a-layer',
    violates: ['INI-006', 'EXT-017'],
    because: 'the kernel asks for it before any layer is mounted',
    mutate: async (sound) =>
      asUpstream(
        sound,
        await editExtensionFiles(await withFirmwareInLayer(sound.image), (files) => without(files, ICE)),
      ),
  },
]
