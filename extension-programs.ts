// Counterexamples of the rules about spin, tailscale, services and their documents: EXT-012 … EXT-016.
import { editEntry, editText, layerFile, without } from './candidate.ts'
import { inLayer, LAYER, type Counterexample, type Sound } from './counterexample.ts'

const SHIM = 'usr/local/bin/containerd-shim-spin-v2'
const PART = 'etc/cri/conf.d/10-spin.part'
const CONTAINER = 'usr/local/lib/containers/tailscale'
const TAILSCALE = 'usr/local/etc/containers/tailscale.yaml'
const ZFS = 'usr/local/etc/containers/zfs-service.yaml'
const SPDX = 'usr/local/share/spdx/spin.spdx.json'

function part(edit: (text: string) => string): Counterexample['mutate'] {
  return inLayer(LAYER.spin, (files) => editText(files, PART, edit))
}

/** zfs' service with another specification. */
function service(edit: (text: string) => string): Counterexample['mutate'] {
  return inLayer(LAYER.zfs, (files) => editText(files, ZFS, edit))
}

function document(edit: (text: string) => string): Counterexample['mutate'] {
  return inLayer(LAYER.spin, (files) => editText(files, SPDX, edit))
}

/** The variant promises something else. */
function promising(promises: Partial<Sound['contract']['variants'][string]>): Counterexample['mutate'] {
  return ({ contract }) => {
    const variant = contract.variants['spin-tailscale']
    if (variant === undefined) throw new Error('expected a variant spin-tailscale, got none')
    return {
      contract: { ...contract, variants: { ...contract.variants, 'spin-tailscale': { ...variant, ...promises } } },
    }
  }
}

export const EXTENSION_PROGRAMS: readonly Counterexample[] = [
  {
    name: 'shim-that-cannot-be-executed',
    violates: ['EXT-012'],
    because: 'permission denied, once the first workload starts',
    mutate: inLayer(LAYER.spin, (files) => editEntry(files, SHIM, { mode: 0o644 })),
  },
  {
    name: 'shim-that-is-a-directory',
    violates: ['EXT-012'],
    because: 'a directory has the same bits as a program',
    mutate: inLayer(LAYER.spin, (files) => [
      ...without(files, SHIM),
      layerFile(SHIM, '', { type: 'directory', mode: 0o755 }),
    ]),
  },
  {
    name: 'shim-of-another-version',
    violates: ['EXT-012'],
    because: 'containerd looks for containerd-shim-spin-v2',
    mutate: inLayer(LAYER.spin, (files) =>
      files.map((file) => (file.path === SHIM ? { ...file, path: SHIM.replace('v2', 'v1') } : file)),
    ),
  },
  {
    name: 'runtime-handler-renamed',
    violates: ['EXT-012'],
    because: 'no runtime for "spin" is configured: pods of the RuntimeClass do not start',
    mutate: part((text) => text.replace('runtimes.spin]', 'runtimes.wasm]')),
  },
  {
    name: 'runtime-handler-of-another-type',
    violates: ['EXT-012'],
    because: 'another shim than the one that is there',
    mutate: part((text) => text.replace('io.containerd.spin.v2', 'io.containerd.runc.v2')),
  },
  {
    name: 'runtime-handler-that-is-no-toml',
    violates: ['EXT-012'],
    because: 'containerd reads no part at all',
    mutate: part((text) => `${text}[plugins`),
  },
  {
    name: 'runtime-handler-taken-by-another-extension',
    violates: ['EXT-012'],
    because: 'containerd merges the parts: the last one decides what spin is',
    mutate: inLayer(LAYER.zfs, (files) => [
      ...files,
      layerFile(
        'etc/cri/conf.d/20-other.part',
        '[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.spin]\nruntime_type = "io.containerd.runc.v2"\n',
      ),
    ]),
  },
  {
    name: 'containerboot-missing',
    violates: ['EXT-013'],
    because: 'it is the entrypoint of the service',
    mutate: inLayer(LAYER.tailscale, (files) => without(files, `${CONTAINER}/usr/local/bin/containerboot`)),
  },
  {
    name: 'tailscaled-that-cannot-be-executed',
    violates: ['EXT-013'],
    because: 'containerboot does not start it',
    mutate: inLayer(LAYER.tailscale, (files) =>
      editEntry(files, `${CONTAINER}/usr/local/bin/tailscaled`, { mode: 0o644 }),
    ),
  },
  {
    name: 'tailscale-of-v1-13-0',
    violates: ['EXT-013'],
    because: 'v1.13.0 has the libraries of iptables without its programs: no route is ever advertised',
    of: 'v1.13.9-spin-tailscale',
    mutate: inLayer(LAYER.tailscale, (files) => files.filter(({ path }) => !/tables|xtables-/.test(path))),
  },
  {
    name: 'iptables-that-leads-nowhere',
    violates: ['EXT-013'],
    because: 'five names of a program that is not there',
    of: 'v1.13.9-spin-tailscale',
    mutate: inLayer(LAYER.tailscale, (files) => without(files, `${CONTAINER}/usr/bin/xtables-nft-multi`)),
  },
  {
    name: 'tailscale-of-1-11-without-iptables',
    violates: [],
    because: 'up to 1.12 it uses the machine’s: the golden has none, and needs none',
    mutate: inLayer(LAYER.tailscale, (files) => [...files, layerFile(`${CONTAINER}/usr/bin/other`, '')]),
  },
  {
    name: 'service-without-entrypoint',
    violates: ['EXT-014'],
    because: 'Talos logs it, and the service does not exist',
    mutate: service((text) => text.replace('  entrypoint: /zfs-service\n', '')),
  },
  {
    name: 'service-with-a-bad-restart',
    violates: ['EXT-014'],
    because: 'Talos knows always, never and untilSuccess',
    mutate: service((text) => text.replace('untilSuccess', 'on-failure')),
  },
  {
    name: 'service-of-two-dependencies-in-one',
    violates: ['EXT-014'],
    because: 'each entry is one dependency',
    mutate: service((text) => text.replace('  - service: udevd\n', '  - service: udevd\n    time: true\n')),
  },
  {
    name: 'services-of-one-name',
    violates: ['EXT-014'],
    because: 'Talos skips the second: one of them does not run',
    mutate: service((text) => text.replace('name: zfs-service', 'name: tailscale')),
  },
  {
    name: 'service-that-nobody-configures',
    violates: ['EXT-015'],
    because: 'the node waits 70 minutes for it, then reboots, again and again',
    mutate: promising({ serviceConfigurations: [] }),
  },
  {
    name: 'service-whose-module-nobody-loads',
    violates: ['EXT-015'],
    because: 'no /dev/zfs without the module: the node reboots every 70 minutes',
    mutate: promising({ kernelModules: ['openvswitch', 'drbd', 'spl'] }),
  },
  {
    name: 'service-that-waits-for-another-path',
    violates: ['EXT-015'],
    because: 'nothing makes this path',
    mutate: service((text) => text.replace('/dev/zfs', '/dev/zfs2')),
  },
  {
    name: 'service-that-waits-for-an-environment-file',
    violates: ['EXT-015'],
    because: 'Talos waits for the file, and nobody writes it',
    mutate: service((text) =>
      text.replace('  entrypoint: /zfs-service\n', '  entrypoint: /zfs-service\n  environmentFile: /var/etc/zfs.env\n'),
    ),
  },
  {
    name: 'service-that-waits-for-a-service-of-nobody',
    violates: ['EXT-015'],
    because: 'no machine runs it',
    mutate: service((text) => text.replace('- service: udevd', '- service: lvmd')),
  },
  {
    name: 'service-that-waits-for-itself',
    violates: ['EXT-015'],
    because: 'it would have to run before it starts',
    mutate: service((text) => text.replace('- service: udevd', '- service: ext-zfs-service')),
  },
  {
    name: 'service-that-waits-for-one-in-vain',
    violates: ['EXT-015'],
    because: 'tailscale starts, once zfs has, which waits for a path of nobody',
    mutate: async (sound) => {
      const { image } = await service((text) => text.replace('/dev/zfs', '/dev/zfs2'))(sound)
      return inLayer(LAYER.tailscale, (files) =>
        editText(files, TAILSCALE, (text) => text.replace('service: cri', 'service: ext-zfs-service')),
      )({ ...sound, ...(image !== undefined && { image }) })
    },
  },
  {
    name: 'service-that-waits-for-another-extension',
    violates: [],
    because: 'zfs starts, and then tailscale does',
    mutate: inLayer(LAYER.tailscale, (files) =>
      editText(files, TAILSCALE, (text) => text.replace('service: cri', 'service: ext-zfs-service')),
    ),
  },
  {
    name: 'sbom-of-another-version',
    violates: ['EXT-016'],
    because: 'scanners look for the flaws of another release',
    mutate: document((text) => text.replace('"versionInfo":"v0.21.0"', '"versionInfo":"v0.20.0"')),
  },
  {
    name: 'sbom-that-is-no-json',
    violates: ['EXT-016'],
    because: 'scanners skip it',
    mutate: document((text) => text.slice(0, -2)),
  },
  {
    name: 'sbom-without-the-v',
    violates: [],
    because: 'v0.21.0 and 0.21.0 are one version',
    mutate: document((text) => text.replace('"versionInfo":"v0.21.0"', '"versionInfo":"0.21.0"')),
  },
]
