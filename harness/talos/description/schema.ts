// The description of a Talos release, or of an image made of one: a value that is the same for the same parts, sorted,
// and plain JSON.
import { z } from 'zod'

/** Raised when a description says more, or otherwise: what was kept of an older one is made anew. */
export const DESCRIPTION_SCHEMA = 1

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
/** Limit for lists of names; no release has as many of anything. */
const names = z.array(z.string().max(4096)).max(100_000).readonly()

const moduleSchema = z.strictObject({
  /** The name as modprobe compares it, with `_` for `-`. */
  name: z.string(),
  /** The path below the release's folder: `kernel/drivers/net/virtio_net.ko`. */
  path: z.string(),
  aliases: names,
})

const packageSchema = z.strictObject({ name: z.string(), version: z.string() })

/** The kernel, the root filesystem and the EFI programs: what is the same for every image of a release. */
export const bootSchema = z.strictObject({
  kernel: z.strictObject({
    release: z.string().optional(),
    /** `gcc (GCC) 14.3.0, GNU ld (GNU Binutils) 2.44` */
    compiler: z.string().optional(),
    /** Option without CONFIG_ → y, m, or a value; one that is off is not here. */
    options: z.record(z.string(), z.string()),
  }),
  /** `257.7`, of systemd-stub and systemd-boot. */
  systemd: z.strictObject({ stub: z.string().optional(), boot: z.string().optional() }),
  modules: z.array(moduleSchema).readonly(),
  rootfs: z.strictObject({
    /** Paths of everything, directories too, except below usr/lib/modules. */
    paths: names,
    /** Names of `usr/bin/init` beside its own. */
    aliases: z.strictObject({ hardLinks: names, symbolicLinks: names }),
    /** Packages of its SPDX document. */
    packages: z.array(packageSchema).readonly(),
  }),
})

const mountSchema = z.strictObject({ source: z.string(), destination: z.string(), options: names })

const serviceSchema = z.strictObject({
  name: z.string(),
  /** `configuration`, `path /dev/zfs`, `service cri`, `network addresses connectivity`, `time` */
  waits: names,
  mounts: z.array(mountSchema).readonly(),
  restart: z.string(),
})

export const extensionSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  /** A range of Talos versions; '' admits all. */
  compatibility: z.string(),
  /** Bytes of all files. */
  size: z.int().nonnegative(),
  /** The hash of the content, as the lock has it (extension-content.ts). */
  content: sha256,
  services: z.array(serviceSchema).readonly(),
  /** Runtime handlers that it registers with containerd. */
  handlers: names,
  /** Paths below the release's folder. */
  modules: names,
  /** Paths below usr/lib/firmware. */
  firmware: z.array(z.strictObject({ path: z.string(), sha256 })).readonly(),
  packages: z.array(packageSchema).readonly(),
})

/** The boot files of an installer: absent where there is no UKI. */
export const ukiSchema = z.strictObject({
  commandLine: z.string().optional(),
  /** Names of the appended ones, in order. */
  sections: names,
})

export type BootDescription = Readonly<z.infer<typeof bootSchema>>
export type ExtensionDescription = Readonly<z.infer<typeof extensionSchema>>
export type ServiceDescription = Readonly<z.infer<typeof serviceSchema>>
export type UkiDescription = Readonly<z.infer<typeof ukiSchema>>
export type DescribedModule = Readonly<z.infer<typeof moduleSchema>>
export type DescribedPackage = Readonly<z.infer<typeof packageSchema>>

/** Sorts by code point: the same everywhere. */
export function sortBy<T>(values: Iterable<T>, key: (value: T) => string): readonly T[] {
  return [...values].toSorted((a, b) => (key(a) < key(b) ? -1 : Number(key(a) > key(b))))
}
